// Requests by node-forge: node forge.js OUT
const forge = require("node-forge"), fs = require("fs"), path = require("path");
const out = process.argv[2], pki = forge.pki;
fs.writeFileSync(path.join(out, "version"), "node-forge " + require("node-forge/package.json").version + "\n");

function req(name, bits, subject, {md = "sha256", attributes = [], der = false} = {}) {
    const keys = pki.rsa.generateKeyPair(bits), csr = pki.createCertificationRequest();
    csr.publicKey = keys.publicKey;
    csr.setSubject(subject);
    csr.setAttributes(attributes);
    csr.sign(keys.privateKey, forge.md[md].create());
    const file = path.join(out, name + ".csr");
    if (der) fs.writeFileSync(file, forge.asn1.toDer(pki.certificationRequestToAsn1(csr)).getBytes(), "binary");
    else fs.writeFileSync(file, pki.certificationRequestToPem(csr));
}

const cn = (value) => [{name: "commonName", value}];
const extensions = (...list) => [{name: "extensionRequest", extensions: list}];
const names = (...altNames) => ({name: "subjectAltName", altNames});
req("device-rsa-2048", 2048, cn("device-1"));
req("device-rsa-3072", 3072, cn("device-2"), {md: "sha384"});
req("device-sha512", 2048, cn("device-3"), {md: "sha512"});
req("device-der", 2048, cn("device-4"), {der: true});
req("device-challenge", 2048, cn("device-5"), {attributes: [{name: "challengePassword", value: "secret"}]});
req("device-subject", 2048, [
    {name: "countryName", value: "DE"}, {shortName: "ST", value: "Bayern"}, {name: "localityName", value: "Muenchen"},
    {name: "organizationName", value: "Acme IoT"}, {shortName: "OU", value: "Werk 2"}, ...cn("device-6")]);
req("device-sha1", 2048, cn("device-7"), {md: "sha1"});
req("device-md5", 2048, cn("device-8"), {md: "md5"});
req("device-rsa-1024", 1024, cn("device-9"));
req("server-dns", 2048, cn("a.example"), {attributes: extensions(names({type: 2, value: "a.example"}, {type: 2, value: "b.example"}))});
req("server-ip", 2048, cn("b.example"), {attributes: extensions(names({type: 2, value: "b.example"}, {type: 7, ip: "10.1.2.3"}))});
req("client-email", 2048, cn("Ann"), {attributes: extensions(names({type: 1, value: "ann@a.example"}))});
