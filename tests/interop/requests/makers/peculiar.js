// Requests by @peculiar/x509 over WebCrypto: node peculiar.js OUT
require("reflect-metadata");
const x509 = require("@peculiar/x509"), fs = require("fs"), path = require("path"), {webcrypto} = require("crypto");
const out = process.argv[2];
x509.cryptoProvider.set(webcrypto);
fs.writeFileSync(path.join(out, "version"), "@peculiar/x509 " + JSON.parse(fs.readFileSync(require.resolve("@peculiar/x509").replace(/build.*/, "package.json"))).version + "\n");

const rsa = (hash, name = "RSASSA-PKCS1-v1_5") => ({name, hash, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048});
const ec = (namedCurve, hash) => ({name: "ECDSA", namedCurve, hash});
async function req(name, algorithm, subject, more = {}) {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const csr = await x509.Pkcs10CertificateRequestGenerator.create(Object.assign({name: subject, keys, signingAlgorithm: algorithm}, more));
    fs.writeFileSync(path.join(out, name + ".csr"), csr.toString("pem"));
}

(async () => {
    await req("device-rsa-2048", rsa("SHA-256"), "CN=device-1");
    await req("device-sha512", rsa("SHA-512"), "CN=device-2");
    await req("device-p256", ec("P-256", "SHA-256"), "CN=device-3");
    await req("device-p384", ec("P-384", "SHA-384"), "CN=device-4");
    await req("device-p384-sha256", ec("P-384", "SHA-256"), "CN=device-5");
    await req("device-ed25519", {name: "Ed25519"}, "CN=device-6");
    await req("device-subject", ec("P-256", "SHA-256"), "C=DE, ST=Bayern, L=München, O=Müller GmbH, OU=Werk 2, CN=device-7");
    await req("device-challenge", ec("P-256", "SHA-256"), "CN=device-8", {attributes: [new x509.ChallengePasswordAttribute("secret")]});
    await req("device-pss", Object.assign(rsa("SHA-256", "RSA-PSS"), {saltLength: 32}), "CN=device-9");
    await req("device-sha1", rsa("SHA-1"), "CN=device-10");
    await req("device-p521", ec("P-521", "SHA-512"), "CN=device-11");
    await req("server-dns", ec("P-256", "SHA-256"), "CN=a.example", {
        extensions: [new x509.SubjectAlternativeNameExtension([{type: "dns", value: "a.example"}, {type: "dns", value: "b.example"}])]});
    await req("server-ip", rsa("SHA-256"), "CN=b.example", {
        extensions: [new x509.SubjectAlternativeNameExtension([{type: "dns", value: "b.example"}, {type: "ip", value: "10.1.2.3"}])]});
})();
