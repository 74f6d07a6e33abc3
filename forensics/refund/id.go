package refund

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// idTag is hashed in front of the parts. It changes if the encoding ever does,
// so that ids of two encodings cannot be taken for each other.
const idTag = "paytriage id 1"

// ID returns the stable name of a thing from the texts that make it what it
// is: a refund_id from ("refund", account, currency, component, transaction),
// a campaign_id from ("campaign", ...). The first part should say what kind of
// thing it is, for all kinds share one space of names.
//
// Each part goes into SHA-256 as its length in bytes (8 bytes, big-endian)
// followed by its bytes, so ("ab", "c") and ("a", "bc") differ, and so do ("a")
// and ("a", ""). The id is "id" and the first 80 bits of the hash in lower-case
// hex, 22 characters. The letters in front keep a spreadsheet from reading
// an id as a number. Among a million ids the chance that two coincide is
// about 4 in 10^13. The hash has no key: whoever can guess the parts can check
// the guess, so an id is no way to hide an account.
func ID(parts ...string) string {
	h := sha256.New()
	var size [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	write(idTag)
	for _, p := range parts {
		write(p)
	}
	var sum [sha256.Size]byte
	return "id" + hex.EncodeToString(h.Sum(sum[:0])[:10])
}
