// Package pseudonym takes the people out of the tables of a case, for outsiders:
// other operators, researchers, a supplier. What names a person becomes a token
// or goes; what names the attack stays. Tables that were redacted with one key
// still join, with each other and with those of another day, because the same
// person has the same token everywhere.
//
//	what                                   is     becomes
//	account, also of a mule                a person                          a token (acct_…)
//	transaction                            on a person's statement           a token (txn_…)
//	funding_ref                            a person's card or account        a token (inst_…)
//	who decided                            a person of the operator          a token (who_…)
//	refund_id, campaign_id                 hashes of the above without a key a token (line_…, camp_…)
//	device, address of an entry or charge  an attacker's or the owner's      itself where it is an indicator, else a token (dev_…, addr_…)
//	value of sources                       an indicator, if of two accounts  itself, else a token
//	why it was decided, a rejected record  free text                         nothing
//	names of files                         the operator's own                auth-1, payments-1, …
//	shop, country, operator, user agent    of the attack                     itself, unless one of the above stands in it
//	times, amounts, codes, counts          what happened                     themselves
//
// An indicator is an address, device, network or user agent that the attack used
// on two accounts or more. One that was seen in a single account may be its
// owner's and is not told. An address that a carrier gives to many people at once
// can be the attack's and an owner's too; it names neither. A column that is not
// known here is taken away.
//
// A token is the HMAC-SHA-256 of the kind and the text, cut to 128 bits: of ten
// billion ids the chance that any two have one token is below 2 in 10^19, and
// nobody without the key can check a guess. Rows are put in the order of tokens,
// because the order of ids would tell much of them.
//
// What is left is still personal data in the hands of whoever has other data of
// the service: times and amounts stand as they are. Redacting is no anonymising.
package pseudonym

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
)

// A Kind is what a token stands for.
type Kind string

// The kinds of token.
const (
	Account    Kind = "acct"
	Txn        Kind = "txn"
	Device     Kind = "dev"
	Address    Kind = "addr"
	Instrument Kind = "inst"
	Staff      Kind = "who"
	Line       Kind = "line"
	Campaign   Kind = "camp"
	Text       Kind = "text"
)

// A Key makes tokens. It cannot be printed.
type Key struct{ secret []byte }

// String keeps the secret out of whatever prints a key.
func (k *Key) String() string { return "a secret" }

// GoString keeps the secret out of %#v.
func (k *Key) GoString() string { return k.String() }

// MinKey is how many random bytes a key has at least.
const MinKey = 32

// manyBytes is how many different bytes a key of MinKey random ones has at
// least: fewer happen to less than one in 10^14.
const manyBytes = 16

// ReadKey reads a key: random bytes, or the same in hexadecimal or base64 digits.
// No error says anything of what the file holds.
func ReadKey(file []byte) (*Key, error) {
	secret := file
	if text := bytes.TrimSpace(file); printable(text) {
		secret = nil
		if b, err := hex.DecodeString(string(text)); err == nil {
			secret = b
		} else if b, err := base64.StdEncoding.DecodeString(string(text)); err == nil {
			secret = b
		}
		if secret == nil {
			return nil, errors.New("holds words: a key is random bytes, as they are or in hexadecimal or base64 digits")
		}
	}
	var seen [256]bool
	different := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			different++
		}
	}
	switch {
	case len(secret) < MinKey:
		return nil, errors.New("has less than 32 random bytes")
	case different < manyBytes:
		return nil, errors.New("does not look like random bytes")
	}
	return &Key{bytes.Clone(secret)}, nil
}

func printable(text []byte) bool {
	for _, b := range text {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// sum returns 128 bits for a text of a kind. Every part has its length before
// it, so that no two pairs are the same bytes.
func (k *Key) sum(kind, text string) []byte {
	h := hmac.New(sha256.New, k.secret)
	var size [8]byte
	for _, part := range [...]string{"paytriage token 1", kind, text} {
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)[:16]
}

// Fingerprint names the key, so that it can be told which one made some tokens.
func (k *Key) Fingerprint() string { return hex.EncodeToString(k.sum("fingerprint", "")) }

var digits = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token returns the token of a text, "" of none.
func (k *Key) Token(kind Kind, text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(string(kind) + "_")
	b.WriteString(digits.EncodeToString(k.sum(string(kind), text)))
	return b.String()
}
