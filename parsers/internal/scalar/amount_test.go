package scalar

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/money"
)

// amountTexts are amounts and what is nearly one. A want of -1 is not ok; neg
// says that the amount is negative.
var amountTexts = []struct {
	in     string
	rule   AmountRule
	digits int
	want   int64
	neg    bool
}{
	{"1280", AmountRule{}, 0, 1280, false},
	{"1,280", AmountRule{}, 0, 1280, false}, // PayPay
	{"12,345,678", AmountRule{}, 0, 12_345_678, false},
	{"¥12,800", AmountRule{}, 0, 12_800, false},
	{"￥12,800", AmountRule{}, 0, 12_800, false},
	{`\12,800`, AmountRule{}, 0, 12_800, false}, // a yen sign of CP932
	{"12,800円", AmountRule{}, 0, 12_800, false},
	{"12,800 円", AmountRule{}, 0, 12_800, false},
	{"１，２８０", AmountRule{}, 0, 1280, false},
	{"￥１，２８０－", AmountRule{}, 0, 1280, true},
	{"$1,234.56", AmountRule{}, 2, 123_456, false}, // Square
	{"-$12.00", AmountRule{}, 2, 1200, true},
	{"$-12.00", AmountRule{}, 2, 1200, true},
	{"- $12.00", AmountRule{}, 2, 1200, true},
	{"−12.00", AmountRule{}, 2, 1200, true},
	{"12.00-", AmountRule{}, 2, 1200, true},
	{"+12.00", AmountRule{}, 2, 1200, false},
	{"▲1,280", AmountRule{}, 0, 1280, true},
	{"△ 1,280", AmountRule{}, 0, 1280, true},
	{"¥▲1,280", AmountRule{}, 0, 1280, true},
	{"(1,280)", AmountRule{}, 0, 1280, true},
	{"(¥1,280)", AmountRule{}, 0, 1280, true},
	{"¥(1,280)", AmountRule{}, 0, 1280, true},
	{"(1,280)円", AmountRule{}, 0, 1280, true},
	{"（１，２８０）", AmountRule{}, 0, 1280, true},
	{"-0.00", AmountRule{}, 2, 0, false},
	{"1.234,56", AmountRule{Decimal: ','}, 2, 123_456, false},
	{"1.234,56 €", AmountRule{Decimal: ','}, 2, 123_456, false},
	{"€ 1 234,56", AmountRule{Decimal: ','}, 2, 123_456, false},
	{"1\u00a0234,56\u00a0€", AmountRule{Decimal: ','}, 2, 123_456, false},
	{"1\u202f234,56", AmountRule{Decimal: ','}, 2, 123_456, false},
	{"1\u2009234.56", AmountRule{}, 2, 123_456, false},
	{"1'234.56", AmountRule{}, 2, 123_456, false},
	{"1’234.56", AmountRule{}, 2, 123_456, false},
	{"£12", AmountRule{}, 2, 1200, false},
	{"12.500", AmountRule{}, 2, 1250, false},
	{"1200.00", AmountRule{}, 0, 1200, false},
	{"1.234", AmountRule{}, 3, 1234, false},
	{" 12.00\t", AmountRule{}, 2, 1200, false},
	{"1000000000000000", AmountRule{}, 0, money.MaxAmount, false},
	{"1,234", AmountRule{Group: ","}, 0, 1234, false},

	{"-", AmountRule{}, 0, -1, false},
	{"", AmountRule{}, 0, -1, false},
	{"¥", AmountRule{}, 0, -1, false},
	{"()", AmountRule{}, 0, -1, false},
	{"1,28", AmountRule{}, 0, -1, false},
	{"1,2800", AmountRule{}, 0, -1, false},
	{"1280,000", AmountRule{}, 0, -1, false},
	{",280", AmountRule{}, 0, -1, false},
	{"1,,280", AmountRule{}, 0, -1, false},
	{"1,280,", AmountRule{}, 0, -1, false},
	{"1,234'567", AmountRule{}, 0, -1, false},
	{"12,34,567", AmountRule{}, 0, -1, false}, // Indian groups
	{"0,123", AmountRule{}, 0, -1, false},     // rather a decimal comma
	{"1,234", AmountRule{Group: "."}, 0, -1, false},
	{"1-234", AmountRule{Group: "-"}, 0, -1, false},
	{"1.234.567", AmountRule{}, 0, -1, false},
	{"-6.197.073", AmountRule{}, 2, -1, false}, // a number that a spreadsheet has mangled
	{"12.345", AmountRule{}, 2, -1, false},
	{"1200.5", AmountRule{}, 0, -1, false},
	{"12.", AmountRule{}, 2, -1, false},
	{".5", AmountRule{}, 2, -1, false},
	{"1.2e3", AmountRule{}, 2, -1, false},
	{"1E+05", AmountRule{}, 0, -1, false},
	{"--12", AmountRule{}, 2, -1, false},
	{"-12-", AmountRule{}, 2, -1, false},
	{"(-12)", AmountRule{}, 2, -1, false},
	{"(12", AmountRule{}, 2, -1, false},
	{"12)", AmountRule{}, 2, -1, false},
	{"12+", AmountRule{}, 2, -1, false},
	{"¥12円", AmountRule{}, 0, -1, false},
	{"12 USD", AmountRule{}, 2, -1, false},
	{"^12", AmountRule{}, 2, -1, false},
	{"1 2", AmountRule{}, 2, -1, false},
	{"12.3 4", AmountRule{}, 2, -1, false},
	{"1  234", AmountRule{}, 2, -1, false},
	{"1000000000000001", AmountRule{}, 0, -1, false},
	{"12", AmountRule{Decimal: ';'}, 2, -1, false},
	{"12", AmountRule{Unit: 9}, 2, -1, false},
	{"12", AmountRule{}, -1, -1, false},
	{"12", AmountRule{}, 10, -1, false},
	{"1億2,345万円", AmountRule{}, 0, -1, false},
	{"NaN", AmountRule{}, 2, -1, false},
	{strings.Repeat("0", 97), AmountRule{}, 0, -1, false},

	{"1200", AmountRule{Unit: Minor}, 0, 1200, false}, // Stripe: yen
	{"1200", AmountRule{Unit: Minor}, 2, 1200, false}, // and cents
	{"-1200", AmountRule{Unit: Minor}, 2, 1200, true},
	{"000000001200", AmountRule{Unit: Minor}, 2, 1200, false}, // ISO 8583, field 4
	{"1200.00", AmountRule{Unit: Minor}, 2, -1, false},
	{"12,00", AmountRule{Unit: Minor, Decimal: ','}, 2, -1, false},

	{"15000", AmountRule{Unit: Hundredths}, 0, 150, false}, // PayPal: 150 yen
	{"15000", AmountRule{Unit: Hundredths}, 2, 15_000, false},
	{"15000", AmountRule{Unit: Hundredths}, 3, 150_000, false},
	{"15050", AmountRule{Unit: Hundredths}, 0, -1, false},
	{"150.00", AmountRule{Unit: Hundredths}, 2, -1, false},
	{"1000000000000000", AmountRule{Unit: Hundredths}, 3, -1, false},
}

func TestTryAmount(t *testing.T) {
	for _, c := range amountTexts {
		got, neg, ok := TryAmount([]byte(c.in), c.rule, c.digits)
		want, wantOK := c.want, c.want >= 0
		if !wantOK {
			want = 0
		}
		if got != want || neg != c.neg || ok != wantOK {
			t.Errorf("TryAmount(%q, %+v, %d) = %d, %t, %t, want %d, %t, %t", c.in, c.rule, c.digits, got, neg, ok, want, c.neg, wantOK)
		}
		checkAmount(t, []byte(c.in), c.rule, c.digits)
	}
}

// What money.Parse reads, and what FormatMajor writes, TryAmount reads as the
// same.
func TestFormatMajor(t *testing.T) {
	f := func(minor int64, digits int, want string) {
		t.Helper()
		if got := string(FormatMajor([]byte("x"), minor, digits)); got != "x"+want {
			t.Errorf("FormatMajor(%d, %d) = %q, want %q", minor, digits, got, want)
		}
	}
	f(0, 0, "0")
	f(1200, 0, "1200")
	f(0, 2, "0.00")
	f(7, 2, "0.07")
	f(1200, 2, "12.00")
	f(1234, 3, "1.234")
	f(1, 4, "0.0001")
	f(money.MaxAmount, 2, "10000000000000.00")
	f(1<<63-1, 0, "9223372036854775807")
	f(-1, 2, "")
	f(-1<<63, 0, "")
	f(1, -1, "")
	f(1, 10, "")
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		minor, digits := rng.Int64N(money.MaxAmount+1)>>rng.IntN(50), rng.IntN(5)
		checkInverse(t, minor, digits)
	}
}

func checkInverse(t *testing.T, minor int64, digits int) {
	t.Helper()
	text := FormatMajor(nil, minor, digits)
	parsed, ok := money.Parse(text, digits)
	read, neg, readOK := TryAmount(text, AmountRule{}, digits)
	if !ok || parsed != minor || !readOK || read != minor || neg {
		t.Errorf("%d with %d digits is written %q and read %d, %t and %d, %t, %t", minor, digits, text, parsed, ok, read, neg, readOK)
	}
}

func checkFormat(t *testing.T, minor int64, digits uint8) {
	t.Helper()
	text := FormatMajor(nil, minor, int(digits))
	if minor < 0 || digits > maxDigits {
		if len(text) > 0 {
			t.Errorf("FormatMajor(%d, %d) = %q", minor, digits, text)
		}
		return
	}
	if minor <= money.MaxAmount {
		checkInverse(t, minor, int(digits))
	}
}

func TestProviderDigits(t *testing.T) {
	f := func(code string, iso, stripe, adyen int) {
		t.Helper()
		c := money.MustCurrency(code)
		gotISO, _ := c.Exponent()
		gotStripe, ok := StripeDigits(c)
		gotAdyen, ok2 := AdyenDigits(c)
		if gotISO != iso || gotStripe != stripe || gotAdyen != adyen || !ok || !ok2 {
			t.Errorf("%s has %d, %d, %d digits, want %d, %d, %d", code, gotISO, gotStripe, gotAdyen, iso, stripe, adyen)
		}
	}
	f("JPY", 0, 0, 0)
	f("USD", 2, 2, 2)
	f("KWD", 3, 3, 3)
	f("ISK", 0, 2, 2)
	f("UGX", 0, 2, 0)
	f("MGA", 2, 0, 2)
	f("CLP", 0, 0, 2)
	f("CVE", 2, 2, 0)
	f("IDR", 2, 2, 0)
	if _, ok := StripeDigits(money.MustCurrency("ZZZ")); ok {
		t.Error("ZZZ is known")
	}
	g := func(in string, scale, digits int, want int64) {
		t.Helper()
		got, _, ok := TryScaled([]byte(in), AmountRule{}, scale, digits)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("TryScaled(%q, %d, %d) = %d, want %d", in, scale, digits, got, want)
		}
	}
	g("500", 2, 0, 5) // Stripe: 5 UGX
	g("550", 2, 0, -1)
	g("500", 0, 2, 50_000) // Stripe: 500 ariary
	g("500", 2, 2, 500)
	g("-500", 2, 2, 500)
	g("500", -1, 2, -1)
	g("500", 10, 2, -1)
	g("500", 2, 10, -1)
	g("1000000000000000", 0, 9, -1)
}

func TestIsBlank(t *testing.T) {
	for _, s := range []string{"", " ", "-", " - ", "--", "–", "—", "−", "－", "‐", "\u00a0-\u3000", "\t"} {
		if !IsBlank([]byte(s)) {
			t.Errorf("%q is not blank", s)
		}
	}
	if !IsBlank(nil) {
		t.Error("nil is not blank")
	}
	for _, s := range []string{"0", "---", "- -", "-1", "¥", "null", "\x00", "ー"} {
		if IsBlank([]byte(s)) {
			t.Errorf("%q is blank", s)
		}
	}
}

// checkScaled holds a scale against no scale: the value is the same, or there is
// none in whole minor units.
func checkScaled(t *testing.T, b []byte, r AmountRule, scale, digits int) {
	t.Helper()
	power := func(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
	plain, plainNeg, plainOK := TryScaled(b, r, 0, 0)
	got, neg, ok := TryScaled(b, r, scale, digits)
	want, rest := new(big.Int).Mul(big.NewInt(plain), power(digits)), new(big.Int)
	want.QuoRem(want, power(scale), rest)
	wantOK := plainOK && rest.Sign() == 0 && want.Cmp(big.NewInt(money.MaxAmount)) <= 0
	if ok != wantOK || ok && (want.Cmp(big.NewInt(got)) != 0 || neg != plainNeg) {
		t.Errorf("TryScaled(%q, %d, %d) = %d, %t, %t, want %v, %t, %t", b, scale, digits, got, neg, ok, want, plainNeg, wantOK)
	}
}

func checkAnyAmount(t *testing.T, b []byte, unit, decimal uint8, group string, digits int) {
	t.Helper()
	checkAmount(t, b, AmountRule{Unit: Unit(unit), Decimal: decimal, Group: group}, digits)
	checkScaled(t, b, AmountRule{Decimal: '.', Group: group}, int(unit%10), int(decimal%10))
	if _, _, ok := TryAmount(b, AmountRule{}, 2); ok && IsBlank(b) {
		t.Errorf("%q is an amount and none", b)
	}
}

func checkAmount(t *testing.T, b []byte, r AmountRule, digits int) {
	t.Helper()
	got, neg, ok := TryAmount(b, r, digits)
	want, wantNeg := oracleAmount(string(b), r, digits)
	wantOK := want != nil
	if !wantOK {
		want = new(big.Int)
	}
	if ok != wantOK || neg != wantNeg || want.Cmp(big.NewInt(got)) != 0 {
		t.Errorf("TryAmount(%q, %+v, %d) = %d, %t, %t, want %v, %t, %t", b, r, digits, got, neg, ok, want, wantNeg, wantOK)
	}
}

var oracleMarks = strings.NewReplacer("\\", "$", "¥", "$", "￥", "$", "€", "$", "£", "$", "￡", "$", "円", "$",
	"−", "-", "’", "'", "▲", "^", "△", "^", "\t", " ", "^", "?", "＾", "?")

var (
	oracleAround = regexp.MustCompile(`^([ $+\-^(]*)(\d(?:.*\d)?)([ $\-)]*)$`)
	oracleSigns  = regexp.MustCompile(`[+\-^()]`)
)

// oracleAmount is TryAmount by regular expressions and numbers of any size.
func oracleAmount(s string, r AmountRule, digits int) (minor *big.Int, negative bool) {
	if len(s) > maxAmountText || r.Unit > Hundredths || digits < 0 || digits > 9 {
		return nil, false
	}
	s = oracleWide.Replace(oracleMarks.Replace(s))
	s = strings.ReplaceAll(s, `\`, "$") // of the full-width form
	m := oracleAround.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	before, body, after := m[1], m[2], m[3]
	around := before + after
	signs := strings.Join(oracleSigns.FindAllString(around, -1), "")
	switch {
	case strings.Count(around, "$") > 1, len(signs) > 1 && signs != "()", signs == "(", signs == ")":
		return nil, false
	}
	decimal := string(r.Decimal)
	if r.Decimal == 0 {
		decimal = "."
	}
	if decimal != "." && decimal != "," {
		return nil, false
	}
	if r.Unit != Major {
		decimal = "never"
	}
	group := ""
	for _, g := range []string{",", ".", "'", " "} {
		own := g == string(r.Decimal) || r.Decimal == 0 && g == "."
		if own || r.Group != "" && !strings.Contains(r.Group, g) {
			continue
		}
		q := regexp.QuoteMeta(g)
		if regexp.MustCompile(`^[1-9]\d{0,2}(` + q + `\d{3})+($|` + regexp.QuoteMeta(decimal) + `)`).MatchString(body) {
			group = g
		}
	}
	if group != "" {
		whole, part, found := strings.Cut(body, decimal)
		body = strings.ReplaceAll(whole, group, "")
		if found {
			body += decimal + part
		}
	}
	if !regexp.MustCompile(`^\d+(` + regexp.QuoteMeta(decimal) + `\d+)?$`).MatchString(body) {
		return nil, false
	}
	value, _ := new(big.Rat).SetString(strings.Replace(body, decimal, ".", 1))
	shift := digits
	switch r.Unit {
	case Minor:
		shift = 0
	case Hundredths:
		if value.Cmp(new(big.Rat).SetInt64(money.MaxAmount)) > 0 {
			return nil, false // before it is divided
		}
		shift = digits - 2
	}
	for ; shift > 0; shift-- {
		value.Mul(value, big.NewRat(10, 1))
	}
	for ; shift < 0; shift++ {
		value.Quo(value, big.NewRat(10, 1))
	}
	if !value.IsInt() || value.Num().Cmp(big.NewInt(money.MaxAmount)) > 0 {
		return nil, false
	}
	return value.Num(), value.Sign() != 0 && strings.ContainsAny(signs, "-^(")
}
