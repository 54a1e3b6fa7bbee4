// Judges logs with Go's own packages, and makes logs to be judged.
//
//	judge check   reads {keys, witnesses, cases}, writes for each case null or why it is refused
//	judge make    reads {origin, size, heads, seed}, writes a log with heads and proofs
//
// Everything that decides is golang.org/x/mod/sumdb/{note,tlog} and crypto/ed25519; this file reads and writes.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("one argument: check or make")
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var output interface{}
	switch os.Args[1] {
	case "check":
		output, err = check(input)
	case "make":
		output, err = makeLog(input)
	default:
		err = errors.New("check or make")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(output)
}

// A case is a head alone, a leaf under a head, or an older head under a head.
type testCase struct {
	Head string `json:"head"`
	// Keys that must all have signed.
	Signers []string `json:"signers"`
	// A leaf.
	Entry *[]byte `json:"entry"`
	Index int64   `json:"index"`
	// An older head.
	Old   *string  `json:"old"`
	Proof [][]byte `json:"proof"`
}

func check(input []byte) ([]*string, error) {
	var asked struct {
		Keys      []string   `json:"keys"`
		Witnesses []string   `json:"witnesses"`
		Cases     []testCase `json:"cases"`
	}
	if err := json.Unmarshal(input, &asked); err != nil {
		return nil, err
	}
	var verifiers []note.Verifier
	for _, key := range asked.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	for _, key := range asked.Witnesses {
		verifier, err := newCosigner(key)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	known := note.VerifierList(verifiers...)
	answers := make([]*string, len(asked.Cases))
	for i, one := range asked.Cases {
		if err := judge(one, known); err != nil {
			reason := err.Error()
			answers[i] = &reason
		}
	}
	return answers, nil
}

func judge(one testCase, known note.Verifiers) error {
	head, signers, err := openHead(one.Head, known)
	if err != nil {
		return err
	}
	for _, wanted := range one.Signers {
		if !signers[wanted] {
			return fmt.Errorf("%s has not signed", wanted)
		}
	}
	proof := make([]tlog.Hash, len(one.Proof))
	for i, hash := range one.Proof {
		if copy(proof[i][:], hash) != tlog.HashSize || len(hash) != tlog.HashSize {
			return errors.New("not a hash")
		}
	}
	switch {
	case one.Entry != nil:
		return tlog.CheckRecord(proof, head.N, head.Hash, one.Index, tlog.RecordHash(*one.Entry))
	case one.Old != nil:
		old, _, err := openHead(*one.Old, known)
		if err != nil {
			return err
		}
		return tlog.CheckTree(proof, head.N, head.Hash, old.N, old.Hash)
	}
	return nil
}

// openHead checks the signatures of a checkpoint and reads it; says who has signed.
func openHead(signed string, known note.Verifiers) (tlog.Tree, map[string]bool, error) {
	opened, err := note.Open([]byte(signed), known)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	signers := make(map[string]bool)
	for _, sig := range opened.Sigs {
		signers[sig.Name] = true
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] == "" || !signers[lines[0]] {
		return tlog.Tree{}, nil, errors.New("not a checkpoint, or not signed by its log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, nil, errors.New("not a size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	return tlog.Tree{N: size, Hash: root}, signers, nil
}

// cosigner verifies the cosignatures of a witness (C2SP tlog-cosignature), which the note package does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(text string) (*cosigner, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a witness's key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 0x04 {
		return nil, errors.New("not a witness's key")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	if hex.EncodeToString(id[:4]) != parts[1] {
		return nil, errors.New("the key's id is another")
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(id[:4]), ed25519.PublicKey(key[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, msg)
	return time > 0 && ed25519.Verify(c.key, []byte(signed), sig[8:])
}

type leaf struct {
	Head  int      `json:"head"`
	Index int64    `json:"index"`
	Proof [][]byte `json:"proof"`
}

type growth struct {
	Old   int      `json:"old"`
	Head  int      `json:"head"`
	Proof [][]byte `json:"proof"`
}

func makeLog(input []byte) (interface{}, error) {
	var asked struct {
		Origin string  `json:"origin"`
		Heads  []int64 `json:"heads"`
		Seed   []byte  `json:"seed"`
	}
	if err := json.Unmarshal(input, &asked); err != nil {
		return nil, err
	}
	skey, vkey, err := note.GenerateKey(bytes.NewReader(asked.Seed), asked.Origin)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	var made struct {
		Key     string   `json:"key"`
		Entries [][]byte `json:"entries"`
		Heads   []string `json:"heads"`
		Leaves  []leaf   `json:"leaves"`
		Growths []growth `json:"growths"`
	}
	made.Key = vkey
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for at, size := range asked.Heads {
		for n := int64(len(made.Entries)); n < size; n++ {
			entry := []byte(fmt.Sprintf("entry %d of a log in Go", n))
			made.Entries = append(made.Entries, entry)
			hashes, err := tlog.StoredHashes(n, entry, reader)
			if err != nil {
				return nil, err
			}
			stored = append(stored, hashes...)
		}
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return nil, err
		}
		text := fmt.Sprintf("%s\n%d\n%s\n", asked.Origin, size, root)
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			return nil, err
		}
		made.Heads = append(made.Heads, string(signed))
		for n := int64(0); n < size; n++ {
			proof, err := tlog.ProveRecord(size, n, reader)
			if err != nil {
				return nil, err
			}
			made.Leaves = append(made.Leaves, leaf{at, n, raw(proof)})
		}
		for older := 0; older <= at; older++ {
			proof, err := tlog.ProveTree(size, asked.Heads[older], reader)
			if err != nil {
				return nil, err
			}
			made.Growths = append(made.Growths, growth{older, at, raw(proof)})
		}
	}
	return made, nil
}

func raw(proof []tlog.Hash) [][]byte {
	hashes := make([][]byte, len(proof))
	for i := range proof {
		hashes[i] = append([]byte(nil), proof[i][:]...)
	}
	return hashes
}
