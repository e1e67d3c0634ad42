// SPDX-License-Identifier: Apache-2.0
// Requests by Bouncy Castle: java -cp bcpkix.jar:bcprov.jar:bcutil.jar bouncycastle.java OUT
import java.io.FileWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

class bouncycastle {
    static String out;

    static void req(String name, String subject, String kind, String parameter, String algorithm, Extensions extensions) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind, "BC");
        if (kind.equals("EC")) generator.initialize(new ECGenParameterSpec(parameter));
        else if (kind.equals("RSA")) generator.initialize(Integer.parseInt(parameter));
        KeyPair keys = generator.generateKeyPair();
        var builder = new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), keys.getPublic());
        if (extensions != null) builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions);
        else if (name.endsWith("no-attributes")) builder.setLeaveOffEmptyAttributes(true);
        try (var writer = new JcaPEMWriter(new FileWriter(out + "/" + name + ".csr"))) {
            writer.writeObject(builder.build(new JcaContentSignerBuilder(algorithm).setProvider("BC").build(keys.getPrivate())));
        }
    }

    static Extensions san(GeneralName... names) throws Exception {
        var generator = new ExtensionsGenerator();
        generator.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
        return generator.generate();
    }

    public static void main(String[] arguments) throws Exception {
        out = arguments[0];
        var provider = new BouncyCastleProvider();
        Security.addProvider(provider);
        Files.writeString(Path.of(out, "version"), "Bouncy Castle " + provider.getVersionStr() + "\n");
        req("device-rsa-2048", "CN=device-1", "RSA", "2048", "SHA256withRSA", null);
        req("device-p256", "CN=device-2", "EC", "P-256", "SHA256withECDSA", null);
        req("device-p384", "CN=device-3", "EC", "P-384", "SHA384withECDSA", null);
        req("device-ed25519", "CN=device-4", "Ed25519", null, "Ed25519", null);
        req("device-no-attributes", "CN=device-5", "EC", "P-256", "SHA256withECDSA", null);
        req("device-subject", "C=DE,ST=Bayern,L=München,O=Müller GmbH,OU=Werk 2,CN=device-6", "EC", "P-256", "SHA256withECDSA", null);
        req("device-pss", "CN=device-7", "RSA", "2048", "SHA256withRSAandMGF1", null);
        req("device-pss-sha512", "CN=device-8", "RSA", "2048", "SHA512withRSAandMGF1", null);
        req("device-sha1", "CN=device-9", "RSA", "2048", "SHA1withRSA", null);
        req("device-sha3", "CN=device-10", "RSA", "2048", "SHA3-256withRSA", null);
        req("device-secp256k1", "CN=device-11", "EC", "secp256k1", "SHA256withECDSA", null);
        req("device-ed448", "CN=device-12", "Ed448", null, "Ed448", null);
        req("server-dns", "CN=a.example", "EC", "P-256", "SHA256withECDSA",
            san(new GeneralName(GeneralName.dNSName, "a.example"), new GeneralName(GeneralName.dNSName, "b.example")));
        req("server-ip", "CN=b.example", "RSA", "2048", "SHA256withRSA",
            san(new GeneralName(GeneralName.dNSName, "b.example"), new GeneralName(GeneralName.iPAddress, "10.1.2.3")));
    }
}
