package scalar

// The lengths of card numbers (ISO/IEC 7812).
const (
	minCard = 13
	maxCard = 19
)

// Card reads the number of a payment card: 13 to 19 digits whose last is right
// by the Luhn formula and whose first is not 0, with or without single blanks or
// hyphens between them.
// It returns what may be shown of it. The caller keeps no more than that and a
// keyed token of its digits.
//
// Every tenth number is right by chance: Card is for columns that hold
// card numbers, LooksLikeCard for those that should not.
func Card(b []byte) (first6 [6]byte, last4 [4]byte, ok bool) {
	n, sum := 0, [2]int{}
	for i, c := range b {
		switch {
		case isDigit(c):
			if n < len(first6) {
				first6[n] = c
			}
			copy(last4[:], last4[1:])
			last4[len(last4)-1] = c
			// Of each digit both is added up: what it counts if it is one to be
			// doubled, and if not. Which, only the last digit decides.
			d := int(c - '0')
			sum[n&1] += d
			sum[n&1^1] += d*2 - d/5*9
			n++
		case c != ' ' && c != '-', i == 0, i == len(b)-1, !isDigit(b[i-1]):
			return [6]byte{}, [4]byte{}, false
		}
		if n > maxCard {
			return [6]byte{}, [4]byte{}, false
		}
	}
	if n < minCard || sum[(n-1)&1]%10 != 0 || first6[0] == '0' {
		return [6]byte{}, [4]byte{}, false
	}
	return first6, last4, true
}

// LooksLikeCard reports whether b is a card number of a scheme in use, by its
// first digits, length and check digit. It is for finding card numbers where
// none should be; of random 16-digit ids about one in thirty passes.
func LooksLikeCard(b []byte) bool {
	first6, _, ok := Card(b)
	if !ok {
		return false
	}
	n, iin := 0, 0
	for _, c := range b {
		if isDigit(c) {
			n++
		}
	}
	for _, c := range first6 {
		iin = iin*10 + int(c-'0')
	}
	in := func(from, to int) bool { // by as many leading digits as these have
		head := iin
		for scale := to; scale < 100_000; scale *= 10 {
			head /= 10
		}
		return head >= from && head <= to
	}
	switch {
	case in(4, 4): // Visa
		return n == 13 || n == 16 || n == 19
	case in(51, 55), in(2221, 2720): // Mastercard
		return n == 16
	case in(34, 34), in(37, 37): // American Express
		return n == 15
	case in(3528, 3589): // JCB
		return n >= 16
	case in(300, 305), in(3095, 3095), in(36, 36), in(38, 39): // Diners Club
		return n >= 14
	case in(6011, 6011), in(644, 649), in(65, 65), in(62, 62), in(81, 81): // Discover, UnionPay
		return n >= 16
	case in(2200, 2204): // Mir
		return n >= 16
	}
	return in(50, 50) || in(56, 59) || in(63, 63) || in(67, 67) // Maestro
}

// MangledNumber reports whether b is what a spreadsheet or a program that reads
// every number as a float makes of a long number: 4.11111E+15, 4,11111E+15,
// 4.11111111E15, 4111111111111111.0. Of a card number or an id so written digits are lost, or
// can be; nothing can bring them back, and it must not be taken for a number or
// a text of its own.
func MangledNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := leadingDigits(b)
	if whole == 0 {
		return false
	}
	b = b[whole:]
	part := 0
	zeros := true
	if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
		part = leadingDigits(b[1:])
		for _, c := range b[1 : 1+part] {
			zeros = zeros && c == '0'
		}
		b = b[1+part:]
	}
	if len(b) == 0 {
		return whole >= minCard && part > 0 && zeros
	}
	if whole != 1 || lower(b[0]) != 'e' {
		return false
	}
	b = b[1:]
	if len(b) > 0 && b[0] == '+' {
		b = b[1:]
	} else if part == 0 {
		return false // 1e10 may be an id
	}
	n := leadingDigits(b)
	return n > 0 && n <= len("15") && n == len(b)
}

// leadingDigits returns how many digits b begins with.
func leadingDigits(b []byte) (n int) {
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}
