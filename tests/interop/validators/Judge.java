// SPDX-License-Identifier: Apache-2.0

// Java's PKIX validator as a judge. A question a line on stdin: words of base64 DER, the leaf first, the root last, then "|" and the
// purposes' OIDs; an answer a line on stdout, empty if it accepts.
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

public class Judge {
    /**
     * Java looks at nothing in an anchor but its key, other judges at its name constraints as well: a root that has some is made the first
     * certificate of the path. Not where a certificate policy is demanded: RFC 5280 6.1 wants none of an anchor, but of each certificate of a path.
     */
    static boolean belongsIntoPath(X509Certificate root, List<X509Certificate> path) {
        for (X509Certificate each : path)
            if (each.getExtensionValue("2.5.29.36") != null || each.getExtensionValue("2.5.29.54") != null)
                return false;
        return root.getExtensionValue("2.5.29.30") != null;
    }

    static void judge(String line) throws Exception {
        String[] halves = line.split("\\|", -1);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> path = new ArrayList<>();
        for (String word : halves[0].trim().split(" "))
            path.add((X509Certificate) factory.generateCertificate(
                new ByteArrayInputStream(Base64.getDecoder().decode(word))));
        X509Certificate root = path.get(path.size() - 1);
        if (!belongsIntoPath(root, path))
            path.remove(path.size() - 1);
        PKIXParameters parameters = new PKIXParameters(
            Set.of(new TrustAnchor(root.getSubjectX500Principal(), root.getPublicKey(), null)));
        parameters.setRevocationEnabled(false);
        if (!halves[1].isBlank()) {
            X509CertSelector target = new X509CertSelector();
            target.setExtendedKeyUsage(new HashSet<>(Arrays.asList(halves[1].trim().split(" "))));
            parameters.setTargetCertConstraints(target);
        }
        path.get(0).getSubjectAlternativeNames(); // read lazily; a name that Java can't read is a fault
        CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(path), parameters);
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String answer = "";
            try {
                judge(line);
            } catch (Exception fault) {
                answer = fault.toString().replace('\n', ' ');
                if (answer.isEmpty())
                    answer = fault.getClass().getName();
            }
            System.out.println(answer);
            System.out.flush();
        }
    }
}
