package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"time"
)

// A formKind is a way of writing values.
type formKind uint8

const (
	asInt formKind = iota
	asUint32
	asUint64
	asBool
	asFloat
	asDouble
	asDate
	asTime
	asTimestamp
	asDecimal
	asText // from here on from bytes
	asHex
	asUUID
	asHalf
	asInterval
	asInt96
	asBigDecimal
)

// A form says how the values of a column are written.
type form struct {
	kind   formKind
	digits int // of a fraction
	utc    bool
}

// ofBytes reports whether values come as bytes, not as integers.
func (f form) ofBytes() bool { return f.kind >= asText }

// isNumber reports whether what is written is a number or a word to JSON.
func (f form) isNumber() bool {
	switch f.kind {
	case asInt, asUint32, asUint64, asBool, asDecimal, asBigDecimal, asFloat, asDouble, asHalf:
		return true
	}
	return false
}

// A writer writes the values of one column. It remembers the last date: rows of
// a log lie on few days, and the date is the costly half of a stamp.
type writer struct {
	form
	json bool // values stand in JSON, not in a cell of their own
	day  int64
	date []byte // "2019-07-02T" of day, or nothing yet
}

// intCell appends a value that is an integer or the bits of a float.
func (w *writer) intCell(dst []byte, v int64) []byte {
	from := len(dst)
	dst = w.appendInt(dst, v)
	if w.json {
		dst = w.quoteJSON(dst, from)
	}
	return dst
}

// bytesCell returns the cell of a value that is bytes: appended to dst, or b
// itself.
func (w *writer) bytesCell(dst, b []byte) (cell, more []byte, err error) {
	from := len(dst)
	switch {
	case w.kind != asText:
		if dst, err = w.appendBytes(dst, b); err == nil && w.json {
			dst = w.quoteJSON(dst, from)
		}
	case w.json:
		dst = appendJSON(dst, b)
	case len(b) == 0:
		return emptyCell, dst, nil
	case !needsQuotes(b):
		return b, dst, nil
	default:
		dst = appendQuoted(dst, b)
	}
	return dst[from:], dst, err
}

// quoteJSON puts what stands in dst from a place on in quotes, unless JSON has
// it without.
func (w *writer) quoteJSON(dst []byte, from int) []byte {
	last := dst[len(dst)-1]
	if w.kind == asBool || w.isNumber() && last >= '0' && last <= '9' {
		return dst
	}
	return append(slices.Insert(dst, from, '"'), '"')
}

// appendInt appends a value that is an integer or the bits of a float.
func (w *writer) appendInt(dst []byte, v int64) []byte {
	switch w.kind {
	case asUint32:
		return strconv.AppendUint(dst, uint64(uint32(v)), 10)
	case asUint64:
		return strconv.AppendUint(dst, uint64(v), 10)
	case asBool:
		return strconv.AppendBool(dst, v != 0)
	case asFloat:
		return appendFloat(dst, float64(math.Float32frombits(uint32(v))), 32)
	case asDouble:
		return appendFloat(dst, math.Float64frombits(uint64(v)), 64)
	case asDate:
		return appendDate(dst, v)
	case asTime:
		return w.appendTime(dst, v)
	case asTimestamp:
		return w.appendStamp(dst, v)
	case asDecimal:
		var buf [20]byte
		return appendScaled(dst, v < 0, strconv.AppendUint(buf[:0], magnitude(v), 10), w.digits)
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendBytes appends a value that is bytes but no text.
func (w *writer) appendBytes(dst, b []byte) ([]byte, error) {
	switch w.kind {
	case asHex:
		return hex.AppendEncode(dst, b), nil
	case asUUID:
		for i, c := range b {
			if i == 4 || i == 6 || i == 8 || i == 10 {
				dst = append(dst, '-')
			}
			dst = hex.AppendEncode(dst, []byte{c})
		}
		return dst, nil
	case asHalf:
		return appendFloat(dst, half(binary.LittleEndian.Uint16(b)), 32), nil
	case asInterval:
		return appendInterval(dst, b), nil
	case asInt96:
		return w.appendInt96(dst, b), nil
	}
	return appendBigDecimal(dst, b, w.digits)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// maxFloatDigits is how many digits a number without an exponent may have, not
// counting a zero before the point; 17 tell any float from all others.
const maxFloatDigits = 17

// appendFloat appends the shortest decimal that stands for no other float,
// with an exponent only if it would have more than 17 digits without.
func appendFloat(dst []byte, f float64, size int) []byte {
	from := len(dst)
	a := math.Abs(f)
	if a == 0 || a >= 1e-17 && a < 1e17 {
		dst = strconv.AppendFloat(dst, f, 'f', -1, size)
		digits := bytes.TrimPrefix(bytes.TrimPrefix(dst[from:], []byte("-")), []byte("0."))
		if len(digits) <= maxFloatDigits || len(digits) == maxFloatDigits+1 && bytes.IndexByte(digits, '.') >= 0 {
			return dst
		}
		dst = dst[:from]
	}
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, size)
}

// half returns the value of a float of 16 bits.
func half(b uint16) float64 {
	sign, exp, frac := b>>15, int(b>>10&31), float64(b&1023)
	var v float64
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		v = math.Inf(1)
		if frac != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+frac, exp-25)
	}
	if sign != 0 {
		v = -v
	}
	return v
}

const daySeconds = 24 * 60 * 60

// pow10 holds the units of a second.
var pow10 = [...]int64{3: 1e3, 6: 1e6, 9: 1e9}

// floorDiv divides towards the past.
func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}

// appendDate appends a day counted from 1970. A year that four digits cannot
// write is written with a sign, as ISO 8601 asks.
func appendDate(dst []byte, day int64) []byte {
	y, m, d := time.Unix(day*daySeconds, 0).UTC().Date()
	switch {
	case y > 9999:
		dst = append(dst, '+')
	case y < 0:
		dst, y = append(dst, '-'), -y
	}
	for n := 1000; n > y && n > 1; n /= 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, int64(y), 10)
	return append(dst, '-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
}

// appendStamp appends units of a second since 1970.
func (w *writer) appendStamp(dst []byte, v int64) []byte {
	day, rest := floorDiv(v, daySeconds*pow10[w.digits])
	if day != w.day || len(w.date) == 0 {
		w.day, w.date = day, append(appendDate(w.date[:0], day), 'T')
	}
	return w.appendClock(append(dst, w.date...), rest)
}

// appendTime appends a time of day. What is none is written as the number it
// is: it must not look like one.
func (w *writer) appendTime(dst []byte, v int64) []byte {
	if v < 0 || v >= daySeconds*pow10[w.digits] {
		return strconv.AppendInt(dst, v, 10)
	}
	return w.appendClock(dst, v)
}

// appendClock appends units of a second since midnight.
func (w *writer) appendClock(dst []byte, v int64) []byte {
	sec, frac := uint32(v/pow10[w.digits]), uint32(v%pow10[w.digits])
	h, m, s := sec/3600, sec/60%60, sec%60
	dst = append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10), '.')
	for n := w.digits; n > 0; n -= 3 {
		f := frac
		if n > 3 {
			f /= uint32(pow10[n-3])
		}
		f %= 1000
		dst = append(dst, byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
	}
	if w.utc {
		dst = append(dst, 'Z')
	}
	return dst
}

// appendInt96 appends the stamp of 12 bytes that Hive and Spark wrote before
// there was a type for it: nanoseconds of the day, and the Julian day. Nothing
// says what zone it is in.
func (w *writer) appendInt96(dst, b []byte) []byte {
	const unixDay = 2440588 // the Julian day of 1970-01-01
	over, nanos := floorDiv(int64(binary.LittleEndian.Uint64(b)), daySeconds*1e9)
	day := int64(int32(binary.LittleEndian.Uint32(b[8:]))) - unixDay + over
	if day != w.day || len(w.date) == 0 {
		w.day, w.date = day, append(appendDate(w.date[:0], day), 'T')
	}
	return w.appendClock(append(dst, w.date...), nanos)
}

// appendInterval appends months, days and milliseconds as ISO 8601 has them.
func appendInterval(dst, b []byte) []byte {
	millis := binary.LittleEndian.Uint32(b[8:])
	dst = strconv.AppendUint(append(dst, 'P'), uint64(binary.LittleEndian.Uint32(b)), 10)
	dst = strconv.AppendUint(append(dst, 'M'), uint64(binary.LittleEndian.Uint32(b[4:])), 10)
	dst = strconv.AppendUint(append(dst, "DT"...), uint64(millis/1000), 10)
	f := millis % 1000
	return append(dst, '.', byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10), 'S')
}

// maxDecimalBytes is how long the bytes of a decimal may be.
const maxDecimalBytes = 64

// appendBigDecimal appends a decimal of any size, high byte first.
func appendBigDecimal(dst, b []byte, digits int) ([]byte, error) {
	switch {
	case len(b) == 0:
		return dst, errEmptyDecimal
	case len(b) > maxDecimalBytes:
		return dst, errLongDecimal
	}
	negative := b[0] >= 0x80
	var buf [3 * maxDecimalBytes]byte
	var n big.Int
	var high, low uint64
	if len(b) > 16 {
		n.SetBytes(b)
		if negative {
			n.Sub(&n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return appendScaled(dst, negative, n.Abs(&n).Append(buf[:0], 10), digits), nil
	}
	if negative {
		high, low = math.MaxUint64, math.MaxUint64
	}
	for _, c := range b {
		high, low = high<<8|low>>56, low<<8|uint64(c)
	}
	if negative {
		var carry uint64
		low, carry = bits.Add64(^low, 1, 0)
		high = ^high + carry
	}
	return appendScaled(dst, negative, append128(buf[:0], high, low), digits), nil
}

// append128 appends an unsigned number of 128 bits.
func append128(dst []byte, high, low uint64) []byte {
	const part = 1e19 // the largest power of ten that fits
	if high == 0 {
		return strconv.AppendUint(dst, low, 10)
	}
	mid, low := bits.Div64(high%part, low, part)
	if high /= part; high > 0 {
		dst = strconv.AppendUint(dst, high, 10)
		dst = appendPadded(dst, mid)
	} else {
		dst = strconv.AppendUint(dst, mid, 10)
	}
	return appendPadded(dst, low)
}

// appendPadded appends all 19 digits of v.
func appendPadded(dst []byte, v uint64) []byte {
	var buf [20]byte
	d := strconv.AppendUint(buf[:0], v, 10)
	dst = append(dst, "0000000000000000000"[:19-len(d)]...)
	return append(dst, d...)
}

// appendScaled appends a number, given its digits, with a point before the last
// so many of them.
func appendScaled(dst []byte, negative bool, number []byte, digits int) []byte {
	if negative {
		dst = append(dst, '-')
	}
	whole := len(number) - digits
	if whole <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, number[:whole]...)
		number = number[whole:]
	}
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, number...)
}

// emptyCell is a text that is there but empty, which is not a null.
var emptyCell = []byte(`""`)

// needsQuotes reports whether a text holds a comma, a quote or a line break.
func needsQuotes(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		// A byte that is zero, and only such a byte, is the first to borrow.
		c, q, n, r := w^','*ones, w^'"'*ones, w^'\n'*ones, w^'\r'*ones
		if ((c-ones)&^c|(q-ones)&^q|(n-ones)&^n|(r-ones)&^r)&highs != 0 {
			return true
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == ',' || c == '"' || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// appendQuoted appends a text in quotes.
func appendQuoted(dst, b []byte) []byte {
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			break
		}
		dst = append(append(dst, b[:i+1]...), '"')
		b = b[i+1:]
	}
	return append(append(dst, b...), '"')
}

// appendJSON appends a text as a JSON string. Bytes that are no UTF-8 are kept,
// since nothing is to be lost.
func appendJSON(dst, b []byte) []byte {
	dst = append(dst, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
