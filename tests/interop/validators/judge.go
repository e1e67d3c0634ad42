// SPDX-License-Identifier: Apache-2.0

// Go's crypto/x509 as a judge: a JSON question a line on stdin, an answer a line on stdout ("" if it accepts).
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type question struct {
	Leaf     []byte   `json:"leaf"`
	Chain    [][]byte `json:"chain"`
	Root     []byte   `json:"root"`
	Purposes []string `json:"purposes"`
	Hosts    []string `json:"hosts"`
}

var usages = map[string]x509.ExtKeyUsage{
	"1.3.6.1.5.5.7.3.1": x509.ExtKeyUsageServerAuth,
	"1.3.6.1.5.5.7.3.2": x509.ExtKeyUsageClientAuth,
	"1.3.6.1.5.5.7.3.3": x509.ExtKeyUsageCodeSigning,
	"1.3.6.1.5.5.7.3.4": x509.ExtKeyUsageEmailProtection,
	"1.3.6.1.5.5.7.3.8": x509.ExtKeyUsageTimeStamping,
	"1.3.6.1.5.5.7.3.9": x509.ExtKeyUsageOCSPSigning,
}

func judge(asked question) error {
	leaf, err := x509.ParseCertificate(asked.Leaf)
	if err != nil {
		return err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for i, der := range append(asked.Chain, asked.Root) {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("CA %d: %w", i, err)
		}
		if i == len(asked.Chain) {
			roots.AddCert(certificate)
		} else {
			between.AddCert(certificate)
		}
	}
	purposes := []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	if len(asked.Purposes) > 0 {
		purposes = nil
	}
	for _, oid := range asked.Purposes {
		if usage, known := usages[oid]; known {
			purposes = append(purposes, usage)
		} else {
			purposes = append(purposes, x509.ExtKeyUsageAny)
		}
	}
	for _, purpose := range purposes {
		options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{purpose}}
		if _, err := leaf.Verify(options); err != nil {
			return err
		}
	}
	for _, host := range asked.Hosts {
		if err := leaf.VerifyHostname(strings.Replace(host, "*", "any", 1)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked question
		answer := ""
		if err := json.Unmarshal(line, &asked); err != nil {
			answer = "question: " + err.Error()
		} else if err := judge(asked); err != nil {
			answer = err.Error()
		}
		fmt.Println(strings.ReplaceAll(answer, "\n", " "))
	}
}
