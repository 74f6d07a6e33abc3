package scalar

import (
	"strconv"
	"strings"

	"github.com/paytriage/paytriage/forensics/money"
)

// A Unit says what the numbers of a log count.
type Unit uint8

const (
	// Major is the currency's own unit: 1200 yen, 12.00 dollars.
	Major Unit = iota
	// Minor is the currency's minor unit without a decimal sign: 1200 yen, 1200
	// cents.
	Minor
	// Hundredths are hundredths of the major unit, whatever the currency.
	// PayPal's transaction, settlement and subscription reports count so, in
	// yen too: a payment of 150 yen is written 15000.
	Hundredths
)

// An AmountRule says how the amounts of a log are written. The zero rule reads
// major units with a decimal point.
type AmountRule struct {
	Unit Unit
	// Decimal is the decimal sign, '.' or ','; 0 means '.'.
	Decimal byte
	// Group holds the signs that may stand between groups of three digits: some
	// of ",", ".", "'" (also ’) and " " (any blank). Empty means all of them.
	// The decimal sign never is one.
	Group string
}

// maxAmountText is how long an amount may be, in bytes.
const maxAmountText = 96

// TryAmount reads an amount as minor units of a currency with so many digits
// after the decimal point (see money.Currency.Exponent), and whether it is
// negative; zero is not.
//
// Read are decimal numbers like those of money.Parse, with these liberties:
// groups of exactly three digits, separated by one sign throughout; one of
// ¥ ￥ $ € £ ￡ 円 before or behind (and \, which is the yen sign of Japanese
// encodings); blanks around these; one sign, which is + - or − before, - behind,
// ▲ or △ before (as Japanese accounts write a loss), or parentheses around; and
// full-width forms of all of it.
//
// Refused are digits beyond those of the currency, other than zeros; exponents;
// codes of currencies; amounts above money.MaxAmount; in minor units and
// hundredths every decimal sign, and hundredths that are no whole minor units.
// Texts that say that there is no amount are refused too: see IsBlank.
func TryAmount(b []byte, r AmountRule, digits int) (minor int64, negative, ok bool) {
	switch r.Unit {
	case Major:
		if r.decimal() == '.' && len(b) <= maxAmountText && digits >= 0 && digits <= maxDigits {
			if minor, ok = money.Parse(b, digits); ok {
				return minor, false, true // most amounts have nothing to take away
			}
		}
		return r.read(b, digits, true)
	case Minor:
		return TryScaled(b, r, digits, digits)
	case Hundredths:
		return TryScaled(b, r, 2, digits)
	}
	return 0, false, false
}

// TryScaled is TryAmount for whole numbers that count units of so many digits,
// whatever the unit of the rule: with a scale of 3, thousandths of the major
// unit. It is for providers whose minor units are not always those of ISO 4217:
// see StripeDigits and AdyenDigits.
func TryScaled(b []byte, r AmountRule, scale, digits int) (minor int64, negative, ok bool) {
	if scale < 0 || scale > maxDigits || digits < 0 || digits > maxDigits {
		return 0, false, false
	}
	minor, negative, ok = r.read(b, 0, false)
	for ; ok && scale < digits; scale++ {
		if minor *= 10; minor > money.MaxAmount {
			ok = false
		}
	}
	for ; ok && scale > digits; scale-- {
		ok = minor%10 == 0
		minor /= 10
	}
	if !ok {
		return 0, false, false
	}
	return minor, negative, true
}

// maxDigits is more digits after the decimal point than any currency has.
const maxDigits = 9

// read reads an amount, whatever its unit.
func (r AmountRule) read(b []byte, digits int, decimals bool) (minor int64, negative, ok bool) {
	var plain, clean [maxAmountText]byte
	body, negative, ok := amountBody(plain[:0], b)
	if !ok || digits < 0 || digits > maxDigits {
		return 0, false, false
	}
	number, ok := r.ungroup(clean[:0], body, decimals)
	if !ok {
		return 0, false, false
	}
	minor, ok = money.Parse(number, digits)
	return minor, ok && negative && minor != 0, ok
}

// ungroup appends a number to dst without its groups and with a decimal point.
func (r AmountRule) ungroup(dst, b []byte, decimals bool) (number []byte, ok bool) {
	decimal := r.decimal()
	if decimal == 0 {
		return nil, false
	}
	whole, group := 0, byte(0) // digits of the group so far; what separates groups
	for i, c := range b {
		switch {
		case isDigit(c):
			whole++
		case c == decimal:
			if !decimals || group != 0 && whole != groupLen {
				return nil, false
			}
			part := b[i+1:]
			return append(append(dst, '.'), part...), whole > 0 && len(part) > 0 && leadingDigits(part) == len(part)
		case !r.isGroup(c), group != 0 && c != group, group != 0 && whole != groupLen,
			group == 0 && (whole < 1 || whole > groupLen || b[0] == '0'):
			return nil, false
		default:
			group, whole = c, 0
			continue
		}
		dst = append(dst, c)
	}
	return dst, group == 0 || whole == groupLen
}

// groupLen is how many digits a group has.
const groupLen = len("000")

// decimal returns the decimal sign, 0 if the rule has a wrong one.
func (r AmountRule) decimal() byte {
	switch r.Decimal {
	case 0:
		return '.'
	case '.', ',':
		return r.Decimal
	}
	return 0
}

// isGroup reports whether c may separate groups.
func (r AmountRule) isGroup(c byte) bool {
	if c == r.decimal() || strings.IndexByte(separators, c) < 0 {
		return false
	}
	return r.Group == "" || strings.IndexByte(r.Group, c) >= 0
}

// separators are the signs that may stand between digits.
const separators = ",.' "

// What the characters of an amount stand for, beside digits and separators.
const (
	currencySign = '$'
	lossSign     = '^'
)

// amountBody returns the digits and separators of an amount, in ASCII, and
// whether it has a sign that makes it negative. It needs room for maxAmountText
// bytes.
func amountBody(dst, b []byte) (body []byte, negative, ok bool) {
	if len(b) > maxAmountText {
		return nil, false, false
	}
	for i := 0; i < len(b); {
		c, n := amountChar(b[i:])
		if n == 0 {
			return nil, false, false
		}
		dst = append(dst, c)
		i += n
	}
	return stripSigns(dst)
}

// stripSigns takes away what stands around the number.
func stripSigns(b []byte) (body []byte, negative, ok bool) {
	mark, sign, open := false, false, false
	for ; len(b) > 0 && !isDigit(b[0]); b = b[1:] {
		seen := &sign
		switch b[0] {
		case ' ':
			continue
		case currencySign:
			seen = &mark
		case '-', lossSign:
			negative = true
		case '(':
			negative, open = true, true
		case '+':
		default:
			return nil, false, false
		}
		if *seen {
			return nil, false, false
		}
		*seen = true
	}
	for ; len(b) > 0 && !isDigit(b[len(b)-1]); b = b[:len(b)-1] {
		switch c := b[len(b)-1]; {
		case c == ' ':
		case c == currencySign && !mark:
			mark = true
		case c == ')' && open:
			open = false
		case c == '-' && !sign:
			sign, negative = true, true
		default:
			return nil, false, false
		}
	}
	return b, negative, len(b) > 0 && !open
}

// amountASCII is what the characters of ASCII stand for in an amount, 0 for those
// that have no place in one.
var amountASCII = [128]byte{
	'0': '0', '1': '1', '2': '2', '3': '3', '4': '4', '5': '5', '6': '6', '7': '7', '8': '8', '9': '9',
	',': ',', '.': '.', '\'': '\'', ' ': ' ', '\t': ' ', '-': '-', '+': '+', '(': '(', ')': ')',
	'$': currencySign, '\\': currencySign,
}

// amountChar returns what the first n bytes of b stand for in an amount, or
// an n of 0.
func amountChar(b []byte) (c byte, n int) {
	if c, n = folded(b); c < 0x80 {
		if c = amountASCII[c]; c == 0 {
			n = 0
		}
		return c, n
	}
	if n = blankLen(b); n > 0 {
		return ' ', n
	}
	if len(b) >= 2 && (string(b[:2]) == "¥" || string(b[:2]) == "£") {
		return currencySign, 2
	}
	if len(b) < 3 {
		return 0, 0
	}
	switch string(b[:3]) {
	case "€", "￥", "￡", "円":
		return currencySign, 3
	case "−": // U+2212
		return '-', 3
	case "▲", "△":
		return lossSign, 3
	case "’":
		return '\'', 3
	}
	return 0, 0
}

// IsBlank reports whether b says that there is no amount: it is empty or a
// dash, whatever the blanks around it. In a column of an amount that is a third
// answer beside a number and damage.
func IsBlank(b []byte) bool {
	b = skipBlanks(b)
	for _, dash := range [...]string{"--", "-", "‐", "–", "—", "―", "−", "－"} {
		if len(b) >= len(dash) && string(b[:len(dash)]) == dash {
			b = b[len(dash):]
			break
		}
	}
	return len(skipBlanks(b)) == 0
}

// skipBlanks returns b from the first that is no blank.
func skipBlanks(b []byte) []byte {
	for len(b) > 0 {
		n := blankLen(b)
		if b[0] == ' ' || b[0] == '\t' {
			n = 1
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	return b
}

// FormatMajor appends minor units, which must not be negative, as an unsigned
// decimal in the currency's own digits: 1200 yen are "1200", 1200 cents
// "12.00". money.Parse reads it back. A negative amount appends nothing, so
// that it cannot be taken for a positive one.
func FormatMajor(dst []byte, minor int64, digits int) []byte {
	if minor < 0 || digits < 0 || digits > maxDigits {
		return dst
	}
	scale := int64(1)
	for range digits {
		scale *= 10
	}
	dst = strconv.AppendInt(dst, minor/scale, 10)
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	for part := minor % scale; scale > 1; {
		scale /= 10
		dst = append(dst, '0'+byte(part/scale))
		part %= scale
	}
	return dst
}

// StripeDigits returns how many digits the whole numbers of Stripe's API and
// webhooks imply, and whether the currency is known. They are those of ISO 4217
// but for the Icelandic króna and the Ugandan shilling, which have two for the
// sake of older programs (500 is 5 UGX), and the ariary, which has none.
func StripeDigits(c money.Currency) (digits int, known bool) {
	switch c {
	case isk, ugx:
		return 2, true
	case mga:
		return 0, true
	}
	return c.Exponent()
}

// AdyenDigits is StripeDigits for Adyen, whose digits are other than those of
// ISO 4217 for four currencies.
func AdyenDigits(c money.Currency) (digits int, known bool) {
	switch c {
	case clp, isk:
		return 2, true
	case cve, idr:
		return 0, true
	}
	return c.Exponent()
}

// The currencies that providers count in other minor units than ISO 4217.
const (
	clp money.Currency = 'C'<<16 | 'L'<<8 | 'P'
	cve money.Currency = 'C'<<16 | 'V'<<8 | 'E'
	idr money.Currency = 'I'<<16 | 'D'<<8 | 'R'
	isk money.Currency = 'I'<<16 | 'S'<<8 | 'K'
	mga money.Currency = 'M'<<16 | 'G'<<8 | 'A'
	ugx money.Currency = 'U'<<16 | 'G'<<8 | 'X'
)
