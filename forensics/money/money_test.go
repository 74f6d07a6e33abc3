package money_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
)

// parseTable holds what Parse accepts (with its value) and what it refuses.
var parseTable = []struct {
	text   string
	digits int
	minor  int64
	ok     bool
}{
	{"0", 0, 0, true},
	{"1200", 0, 1200, true},
	{"1200", 2, 120000, true},
	{"12.00", 2, 1200, true},
	{"12.3", 2, 1230, true},
	{"12.34", 2, 1234, true},
	{"0.01", 2, 1, true},
	{"00012", 0, 12, true},
	{"000000000000000000000000000007", 0, 7, true},
	{"1.234", 3, 1234, true},
	{"1.2345", 4, 12345, true},
	// digits beyond the currency's own, if they are zeros
	{"1200.0", 0, 1200, true},
	{"1200.00", 0, 1200, true},
	{"12.3400", 2, 1234, true},
	{"12.340000000000000000000000000000", 2, 1234, true},
	// the largest amount, in the digits of each currency
	{"1000000000000000", 0, money.MaxAmount, true},
	{"1000000000000000.00", 0, money.MaxAmount, true},
	{"10000000000000.00", 2, money.MaxAmount, true},
	{"100000000000.0000", 4, money.MaxAmount, true},

	{text: "", digits: 0},
	{text: "", digits: 2},
	{text: ".", digits: 2},
	{text: ".5", digits: 2},
	{text: "12.", digits: 2},
	{text: "12.", digits: 0},
	{text: "-1", digits: 0},
	{text: "+1", digits: 0},
	{text: "12.-1", digits: 2},
	{text: "1,200", digits: 0},
	{text: "1'200", digits: 0},
	{text: "1_200", digits: 0},
	{text: "1 200", digits: 0},
	{text: " 1200", digits: 0},
	{text: "1200 ", digits: 0},
	{text: "1200\n", digits: 0},
	{text: "12,34", digits: 2},
	{text: "12.3.4", digits: 2},
	{text: "12..3", digits: 2},
	{text: "12.3 ", digits: 2},
	{text: "1e3", digits: 0},
	{text: "1.2e3", digits: 2},
	{text: "0x10", digits: 0},
	{text: "¥1200", digits: 0},
	{text: "$12.00", digits: 2},
	{text: "１２００", digits: 0},
	{text: "NaN", digits: 0},
	{text: "Inf", digits: 0},
	{text: "null", digits: 0},
	{text: "1200.5", digits: 0},
	{text: "12.345", digits: 2},
	{text: "12.3401", digits: 2},
	{text: "12.34000000000000000000000000001", digits: 2},
	// above the largest amount, and where 64 bits would wrap round
	{text: "1000000000000001", digits: 0},
	{text: "10000000000000.01", digits: 2},
	{text: "100000000000.0001", digits: 4},
	{text: "1000000000000000", digits: 2},
	{text: "1000000000000000", digits: 3},
	{text: "1000000000000000", digits: 4},
	{text: "999999999999999.9999", digits: 4},
	{text: "922337203685477.5808", digits: 4},
	{text: "9223372036854775807", digits: 0},
	{text: "9223372036854775808", digits: 0},
	{text: "18446744073709551617", digits: 0},
	{text: strings.Repeat("9", 400), digits: 2},
}

// TestParse holds what is read and what is refused.
func TestParse(t *testing.T) {
	for _, e := range parseTable {
		minor, ok := money.Parse([]byte(e.text), e.digits)
		if ok != e.ok || ok && minor != e.minor {
			t.Errorf("Parse(%q, %d) = %d, %v; want %d, %v", e.text, e.digits, minor, ok, e.minor, e.ok)
		}
	}
}

var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// FuzzParse holds Parse against arithmetic without limits.
func FuzzParse(f *testing.F) {
	seeds := 0
	for _, e := range parseTable {
		f.Add([]byte(e.text), uint8(e.digits))
		seeds++
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text []byte, digits uint8) {
		if len(text) > 200 {
			return // nothing new, and slow to reckon exactly
		}
		digits %= 5
		minor, ok := money.Parse(text, int(digits))
		var want *big.Int
		if decimal.Match(text) {
			value, _ := new(big.Rat).SetString(string(text))
			value.Mul(value, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
			if value.IsInt() && value.Num().Cmp(big.NewInt(money.MaxAmount)) <= 0 {
				want = value.Num()
			}
		}
		switch {
		case ok != (want != nil):
			t.Errorf("Parse(%q, %d) = %d, %v; exactly %v", text, digits, minor, ok, want)
		case ok && want.Cmp(big.NewInt(minor)) != 0:
			t.Errorf("Parse(%q, %d) = %d; exactly %v", text, digits, minor, want)
		}
	})
}

// TestParseAllocations: amounts are read once a row, so reading one may not
// allocate.
func TestParseAllocations(t *testing.T) {
	text := []byte("123456.78")
	if n := testing.AllocsPerRun(100, func() { money.Parse(text, 2) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestFormat: amounts as people read them.
func TestFormat(t *testing.T) {
	jpy, usd, kwd, clf := money.MustCurrency("JPY"), money.MustCurrency("USD"), money.MustCurrency("KWD"), money.MustCurrency("CLF")
	for _, e := range []struct {
		minor int64
		c     money.Currency
		want  string
	}{
		{0, jpy, "0 JPY"},
		{999, jpy, "999 JPY"},
		{1000, jpy, "1,000 JPY"},
		{38615473, jpy, "38,615,473 JPY"},
		{-4000, jpy, "-4,000 JPY"},
		{0, usd, "0.00 USD"},
		{1, usd, "0.01 USD"},
		{-1, usd, "-0.01 USD"},
		{99, usd, "0.99 USD"},
		{-1200, usd, "-12.00 USD"},
		{123456789, usd, "1,234,567.89 USD"},
		{1234, kwd, "1.234 KWD"},
		{1, clf, "0.0001 CLF"},
		{12345, 0, "12,345"},
		{-12345, 0, "-12,345"},
		{7, money.MustCurrency("ZZZ"), "7 ZZZ"},
		{math.MaxInt64, jpy, "9,223,372,036,854,775,807 JPY"},
		{math.MinInt64, jpy, "-9,223,372,036,854,775,808 JPY"},
		{math.MinInt64, usd, "-92,233,720,368,547,758.08 USD"},
	} {
		if got := money.Format(e.minor, e.c); got != e.want {
			t.Errorf("Format(%d, %v) = %q, want %q", e.minor, e.c, got, e.want)
		}
	}
}

// TestFormatParse: what Format writes is what Parse reads, once the grouping
// and the code are off.
func TestFormatParse(t *testing.T) {
	for _, code := range []string{"JPY", "USD", "KWD", "CLF"} {
		c := money.MustCurrency(code)
		digits, known := c.Exponent()
		if !known {
			t.Fatalf("%s is not known", code)
		}
		for _, minor := range []int64{0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10000, 1234567, money.MaxAmount} {
			text := strings.ReplaceAll(strings.TrimSuffix(money.Format(minor, c), " "+code), ",", "")
			if got, ok := money.Parse([]byte(text), digits); !ok || got != minor {
				t.Errorf("%s: %d is written %q and read %d, %v", code, minor, text, got, ok)
			}
		}
	}
}

// TestParseCurrency: codes that are read, and how they are written back.
func TestParseCurrency(t *testing.T) {
	for _, e := range []struct {
		text, want string
	}{
		{"JPY", "JPY"}, {"jpy", "JPY"}, {"JpY", "JPY"}, {"PT", "PT"}, {"X", "X"}, {"P4", "P4"}, {"4711", "4711"}, {"0", "0"}, {"usdc", "USDC"},
		{"", ""}, {"TOOLONG", ""}, {"USDCX", ""}, {"JP ", ""}, {" JPY", ""}, {"J-Y", ""}, {"J\x00Y", ""}, {"円", ""}, {"€", ""}, {"@AZ", ""}, {"[az", ""}, {"/09", ""}, {":09", ""},
		{"`az", ""}, {"{az", ""},
	} {
		c, ok := money.ParseCurrency([]byte(e.text))
		if ok != (e.want != "") || c.String() != e.want {
			t.Errorf("ParseCurrency(%q) = %v, %v; want %q", e.text, c, ok, e.want)
		}
		if again, ok2 := money.ParseCurrency([]byte(c.String())); ok && (!ok2 || again != c) {
			t.Errorf("%q: %v reads back as %v", e.text, c, again)
		}
	}
	// A longer code is not a shorter one with something in front.
	if money.MustCurrency("A") == money.MustCurrency("0A") {
		t.Error("A and 0A are one currency")
	}
}

// TestMustCurrency: a code written wrongly in the program stops it.
func TestMustCurrency(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), "yen!") {
			t.Errorf("panicked with %v", p)
		}
	}()
	money.MustCurrency("yen!")
}

// TestExponent pins minor units of ISO 4217 that are often got wrong.
func TestExponent(t *testing.T) {
	for code, want := range map[string]int{
		"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "XOF": 0, "UGX": 0, "UYI": 0, "PYG": 0, "PTS": 0, "PT": 0,
		"USD": 2, "EUR": 2, "CNY": 2, "TWD": 2, "HUF": 2, "IDR": 2, "MGA": 2, "MRU": 2, "UYU": 2, "XCG": 2, "ZWG": 2,
		"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
		"CLF": 4, "UYW": 4,
	} {
		if got, known := money.MustCurrency(code).Exponent(); !known || got != want {
			t.Errorf("%s has %d digits (known %v), want %d", code, got, known, want)
		}
	}
	for _, code := range []string{"ZZZ", "X", "USDC", "0"} {
		if got, known := money.MustCurrency(code).Exponent(); known || got != 0 {
			t.Errorf("%s is known with %d digits", code, got)
		}
	}
	if _, known := money.Currency(0).Exponent(); known {
		t.Error("no currency is known")
	}
}

// TestAdd: sums at the edges of 64 bits, against arithmetic without limits.
func TestAdd(t *testing.T) {
	const lowest, highest = math.MinInt64, math.MaxInt64
	edge := []int64{lowest, lowest + 1, lowest / 2, -money.MaxAmount, -2, -1, 0, 1, 2, money.MaxAmount, highest/2 + 1, highest - 1, highest}
	fitted, refused := 0, 0
	for _, a := range edge {
		for _, b := range edge {
			exact := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
			got, err := money.Add(a, b)
			switch {
			case exact.IsInt64() && (err != nil || got != exact.Int64()):
				t.Errorf("%d + %d = %d, %v", a, b, got, err)
			case !exact.IsInt64() && !errors.Is(err, money.ErrOverflow):
				t.Errorf("%d + %d = %d, %v, want ErrOverflow", a, b, got, err)
			}
			less := new(big.Int).Sub(big.NewInt(a), big.NewInt(b))
			got, err = money.Sub(a, b)
			switch {
			case less.IsInt64() && (err != nil || got != less.Int64()):
				t.Errorf("%d - %d = %d, %v", a, b, got, err)
			case !less.IsInt64() && !errors.Is(err, money.ErrOverflow):
				t.Errorf("%d - %d = %d, %v, want ErrOverflow", a, b, got, err)
			}
			if exact.IsInt64() {
				fitted++
			} else {
				refused++
			}
		}
	}
	if fitted == 0 || refused == 0 {
		t.Errorf("tried %d sums that fit and %d that do not", fitted, refused)
	}
}

// TestSum: the total, and that a sum which once did not fit stays refused.
func TestSum(t *testing.T) {
	var s money.Sum
	if total, err := s.Total(); total != 0 || err != nil {
		t.Errorf("empty: %d, %v", total, err)
	}
	for _, a := range []int64{30000, 20000, -4000} {
		s.Add(a)
	}
	if total, err := s.Total(); total != 46000 || err != nil {
		t.Errorf("got %d, %v", total, err)
	}
	// A sum that once did not fit stays refused, even if it would come back.
	s.Add(math.MaxInt64)
	s.Add(-math.MaxInt64)
	if total, err := s.Total(); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("got %d, %v, want ErrOverflow", total, err)
	}
}

// TestMaxAmount: the room that the package promises.
func TestMaxAmount(t *testing.T) {
	var s money.Sum
	for range 9000 {
		s.Add(money.MaxAmount)
	}
	if total, err := s.Total(); err != nil || total != 9000*money.MaxAmount {
		t.Errorf("nine thousand of the largest: %d, %v", total, err)
	}
}
