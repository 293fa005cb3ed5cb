// Checks statements' proofs by torchwood, for a test of proofs that this project writes.
//
// Usage: tlogproof VKEY...
//
// The first key is the log's, and has to have signed; so does each witness whose key follows.
// Each line of the input names a proof, a tab, and the file of the leaf. Each line of the output
// is "ok", or why the proof doesn't hold.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	policy, err := policyOf(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		proof, leaf, _ := strings.Cut(lines.Text(), "\t")
		if err := check(policy, proof, leaf); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("ok")
	}
}

func policyOf(keys []string) (torchwood.Policy, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("name the log's key")
	}
	log, err := note.NewVerifier(keys[0])
	if err != nil {
		return nil, err
	}
	policies := []torchwood.Policy{
		torchwood.OriginPolicy(log.Name()),
		torchwood.SingleVerifierPolicy(log),
	}
	for _, key := range keys[1:] {
		witness, err := torchwood.NewCosignatureVerifier(key)
		if err != nil {
			return nil, err
		}
		policies = append(policies, torchwood.SingleVerifierPolicy(witness))
	}
	return torchwood.ThresholdPolicy(len(policies), policies...), nil
}

func check(policy torchwood.Policy, proof, leaf string) error {
	proven, err := os.ReadFile(proof)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(leaf)
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(text), proven)
}
