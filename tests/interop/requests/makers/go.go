// SPDX-License-Identifier: Apache-2.0
// Requests by Go's crypto/x509: go run go.go OUT
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func rsaKey(bits int) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(err)
	return key
}

func ecKey(curve elliptic.Curve) crypto.Signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(err)
	return key
}

func req(name string, key crypto.Signer, template x509.CertificateRequest) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	must(err)
	block := &pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}
	must(os.WriteFile(filepath.Join(os.Args[1], name+".csr"), pem.EncodeToMemory(block), 0o644))
}

func cn(name string) x509.CertificateRequest {
	return x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
}

func with(template x509.CertificateRequest, algorithm x509.SignatureAlgorithm) x509.CertificateRequest {
	template.SignatureAlgorithm = algorithm
	return template
}

// Go up to 1.19 says RSASSA-PSS and signs by PKCS #1 v1.5: such a request proves nothing, and is not made.
func pss(name string, template x509.CertificateRequest) {
	key := rsaKey(2048)
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	must(err)
	made, err := x509.ParseCertificateRequest(der)
	must(err)
	if made.CheckSignature() != nil {
		fmt.Println("lacks", name)
		return
	}
	req(name, key, template)
}

func main() {
	must(os.WriteFile(filepath.Join(os.Args[1], "version"), []byte("Go crypto/x509 "+strings.TrimPrefix(runtime.Version(), "go")+"\n"), 0o644))
	p256 := elliptic.P256()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	req("device-rsa-2048", rsaKey(2048), cn("device-1"))
	req("device-rsa-3072", rsaKey(3072), with(cn("device-2"), x509.SHA384WithRSA))
	req("device-p256", ecKey(p256), cn("device-3"))
	req("device-p384", ecKey(elliptic.P384()), cn("device-4"))
	req("device-p256-sha512", ecKey(p256), with(cn("device-5"), x509.ECDSAWithSHA512))
	req("device-ed25519", ed, cn("device-6"))
	pss("device-pss", with(cn("device-7"), x509.SHA256WithRSAPSS))
	pss("device-pss-sha512", with(cn("device-8"), x509.SHA512WithRSAPSS))
	req("device-subject", ecKey(p256), x509.CertificateRequest{Subject: pkix.Name{Country: []string{"DE"}, Province: []string{"Bayern"},
		Locality: []string{"München"}, Organization: []string{"Müller GmbH"}, OrganizationalUnit: []string{"Werk 2"}, CommonName: "device-9"}})
	req("device-p521", ecKey(elliptic.P521()), cn("device-10"))
	usage, err := asn1.Marshal(asn1.BitString{Bytes: []byte{0x80}, BitLength: 1})
	must(err)
	template := cn("device-11")
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: usage}}
	req("device-usage", ecKey(p256), template)
	template = cn("a.example")
	template.DNSNames = []string{"a.example", "b.example"}
	req("server-dns", ecKey(p256), template)
	template = cn("b.example")
	template.DNSNames = []string{"b.example"}
	template.IPAddresses = []net.IP{net.ParseIP("10.1.2.3"), net.ParseIP("fc00::1")}
	req("server-ip", rsaKey(2048), template)
	req("server-no-subject", ecKey(p256), x509.CertificateRequest{DNSNames: []string{"c.example"}})
	uri, err := url.Parse("spiffe://a.example/ann")
	must(err)
	template = cn("Ann")
	template.EmailAddresses = []string{"ann@a.example"}
	template.URIs = []*url.URL{uri}
	req("client-email", ecKey(p256), template)
}
