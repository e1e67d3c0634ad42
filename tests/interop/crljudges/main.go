// SPDX-License-Identifier: Apache-2.0

// Two judges of a CRL that share no code with coldca: Go's own parser, which also checks the signature, and zlint.
//
//	crljudge CA.pem CRL.der
//
// One JSON object: "go", what Go has against it (""), "number", "entries" as Go reads them, "zlint", the lints that are not passed.
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	zcrypto "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

type entry struct {
	Serial string `json:"serial"`
	Reason int    `json:"reason"`
}

type answer struct {
	Go      string            `json:"go"`
	Number  string            `json:"number"`
	Entries []entry           `json:"entries"`
	Zlint   map[string]string `json:"zlint"`
}

func byGo(ca, der []byte, said *answer) error {
	issuer, err := x509.ParseCertificate(ca)
	if err != nil {
		return err
	}
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return err
	}
	if crl.Number == nil {
		return fmt.Errorf("no CRLNumber")
	}
	said.Number = crl.Number.String()
	for _, each := range crl.RevokedCertificateEntries {
		said.Entries = append(said.Entries, entry{fmt.Sprintf("%x", each.SerialNumber.Bytes()), each.ReasonCode})
	}
	return crl.CheckSignatureFrom(issuer)
}

func byZlint(der []byte, said *answer) {
	said.Zlint = map[string]string{}
	crl, err := zcrypto.ParseRevocationList(der)
	if err != nil {
		said.Zlint["parsing"] = err.Error()
		return
	}
	// The Baseline Requirements are for CAs that browsers trust: their CRLs live 10 days at most.
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{ExcludeSources: lint.SourceList{lint.CABFBaselineRequirements}})
	if err != nil {
		said.Zlint["filter"] = err.Error()
		return
	}
	for name, result := range zlint.LintRevocationListEx(crl, registry).Results {
		if result.Status >= lint.Notice {
			said.Zlint[name] = result.Status.String() + " " + result.Details
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: crljudge CA.pem CRL.der")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	block, _ := pem.Decode(text)
	if err != nil || block == nil {
		fmt.Fprintln(os.Stderr, "no CA certificate", err)
		os.Exit(2)
	}
	der, err := os.ReadFile(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	said := answer{Entries: []entry{}}
	if err := byGo(block.Bytes, der, &said); err != nil {
		said.Go = err.Error()
	}
	byZlint(der, &said)
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		os.Exit(1)
	}
}
