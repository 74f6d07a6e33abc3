package profile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// CardToken is what Source.How says of a field with tokens of card numbers.
const CardToken = "a token of the card number"

// Cards reports whether some field holds card numbers.
func (c *Compiled) Cards() bool { return c.cards }

// Params returns the parameters that the profile was compiled with.
func (c *Compiled) Params() map[string]string {
	given := make(map[string]string, len(c.params))
	for name, value := range c.params {
		given[strings.TrimPrefix(name, "$")] = value
	}
	return given
}

// HideCards returns a copy of a text with a token in the place of whatever may be
// a card number, or holds one: 13 digits and more, single blanks or hyphens between
// them or not, right by the Luhn formula or not. A rejected record is kept for a
// person to read, and a number with a wrong digit is still somebody's number. In a
// row of more than 19 digits a card number may stand beside an amount, a date or
// another card number, as in records of fixed columns; looking for a part that is
// right would hide four in ten of other numbers too, and miss the wrong digit, so
// that all of them are hidden. No more than ten digits are shown of any. The token
// of a right card number is that of the rows that were understood.
func HideCards(text, key []byte) []byte {
	var out []byte
	kept := 0
	for i := 0; i < len(text); {
		end, digits := number(text, i)
		if digits >= minCard {
			out = cardToken(append(out, text[kept:i]...), hmac.New(sha256.New, key), text[i:end])
			kept = end
		}
		i = max(end, i+1)
	}
	return append(out, text[kept:]...)
}

// cardToken appends the token of a number: the six digits of the issuer, a keyed
// hash of all, the last four.
func cardToken(dst []byte, mac hash.Hash, number []byte) []byte {
	var room [32]byte
	digits := room[:0]
	if len(number) > len(room) {
		digits = make([]byte, 0, len(number))
	}
	digits = digitsOf(digits, number)
	mac.Write(digits)
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	dst = append(append(dst, digits[:shownHead]...), '-')
	dst = hex.AppendEncode(dst, sum[:8])
	return append(append(dst, '-'), digits[len(digits)-shownTail:]...)
}

// The lengths of card numbers (ISO/IEC 7812-1), and what of them may be shown
// (PCI DSS 3.4.1).
const (
	minCard              = 13
	shownHead, shownTail = 6, 4
)

// number returns where the number that begins at i ends, and its digits.
func number(b []byte, i int) (end, digits int) {
	end = i
	for j := i; j < len(b); j++ {
		switch c := b[j]; {
		case '0' <= c && c <= '9':
			digits++
			end = j + 1
		case (c == ' ' || c == '-') && j == end && j > i && j+1 < len(b) && '0' <= b[j+1] && b[j+1] <= '9':
		default:
			return end, digits
		}
	}
	return end, digits
}
