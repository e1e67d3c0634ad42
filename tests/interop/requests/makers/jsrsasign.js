// Requests by jsrsasign: node jsrsasign.js OUT
const r = require("jsrsasign"), fs = require("fs"), path = require("path");
const out = process.argv[2];
fs.writeFileSync(path.join(out, "version"), "jsrsasign " + require("jsrsasign/package.json").version + "\n");

function req(name, kind, what, subject, sigalg, more = {}) {
    const keys = r.KEYUTIL.generateKeypair(kind, what);
    const csr = new r.KJUR.asn1.csr.CertificationRequest(
        Object.assign({subject: typeof subject === "string" ? {str: subject} : subject, sbjpubkey: keys.pubKeyObj, sigalg, sbjprvkey: keys.prvKeyObj}, more));
    fs.writeFileSync(path.join(out, name + ".csr"), csr.getPEM());
}

const san = (...array) => ({extreq: [{extname: "subjectAltName", array}]});
req("device-rsa-2048", "RSA", 2048, "/CN=device-1", "SHA256withRSA");
req("device-sha384", "RSA", 2048, "/CN=device-2", "SHA384withRSA");
req("device-p256", "EC", "secp256r1", "/CN=device-3", "SHA256withECDSA");
req("device-p384", "EC", "secp384r1", "/CN=device-4", "SHA384withECDSA");
req("device-subject", "EC", "secp256r1", "/C=DE/ST=Bayern/L=Muenchen/O=Acme IoT/OU=Werk 2/CN=device-5", "SHA256withECDSA");
req("device-pss", "RSA", 2048, "/CN=device-6", "SHA256withRSAandMGF1");
req("device-secp256k1", "EC", "secp256k1", "/CN=device-7", "SHA256withECDSA");
req("device-sha1", "RSA", 2048, "/CN=device-8", "SHA1withRSA");
req("device-usage", "EC", "secp256r1", "/CN=device-9", "SHA256withECDSA", {extreq: [
    {extname: "keyUsage", critical: true, names: ["digitalSignature"]}, {extname: "extKeyUsage", array: ["clientAuth"]}]});
req("server-dns", "EC", "secp256r1", "/CN=a.example", "SHA256withECDSA", san({dns: "a.example"}, {dns: "b.example"}));
req("server-ip", "RSA", 2048, "/CN=b.example", "SHA256withRSA", san({dns: "b.example"}, {ip: "10.1.2.3"}));
