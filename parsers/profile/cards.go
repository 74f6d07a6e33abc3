package profile

import "bytes"

// Cards reports whether some field holds card numbers.
func (c *Compiled) Cards() bool { return c.cards }

// MaskCards returns a copy of a text in which the middle digits of whatever may
// be a card number are stars: 13 to 19 digits, single blanks or hyphens between
// them or not, right by the Luhn formula or not. A rejected record is kept for a
// person to read, and a number with a wrong digit is still somebody's number.
func MaskCards(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(out); {
		end, digits := number(out, i)
		if digits >= minCard && digits <= maxCard {
			mask(out[i:end], digits)
		}
		i = max(end, i+1)
	}
	return out
}

// The lengths of card numbers (ISO/IEC 7812-1), and what of them may be shown
// (PCI DSS 3.4.1).
const (
	minCard, maxCard     = 13, 19
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

func mask(b []byte, digits int) {
	n := 0
	for i, c := range b {
		if '0' <= c && c <= '9' {
			if n >= shownHead && n < digits-shownTail {
				b[i] = '*'
			}
			n++
		}
	}
}
