package scalar

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTrimSpace(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(TrimSpace([]byte(in))); got != want {
			t.Errorf("TrimSpace(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f(" ", "")
	f("\t \t", "")
	f("a", "a")
	f(" a b\t", "a b")
	f("\na\r", "\na\r")
	f("\u00a0a\u3000", "\u00a0a\u3000")
}

// numberTexts are texts of and about numbers; FuzzTryUint32 starts from them.
var numberTexts = []struct {
	in   string
	want uint32
	ok   bool
}{
	{"0", 0, true},
	{"7", 7, true},
	{"2516", 2516, true},
	{"AS2516", 2516, true},
	{"as2516", 2516, true},
	{"00042", 42, true},
	{"000000000000000000000000000001", 1, true},
	{"4294967295", 4294967295, true},
	{"4294967296", 0, false},
	{"18446744073709551616", 0, false},
	{"99999999999999999999999999999999", 0, false},
	{"", 0, false},
	{"AS", 0, false},
	{"As1", 0, false},
	{"ASAS1", 0, false},
	{"AS 1", 0, false},
	{"1.10", 0, false},
	{"+1", 0, false},
	{"-1", 0, false},
	{" 1", 0, false},
	{"1 ", 0, false},
	{"1_0", 0, false},
	{"0x1", 0, false},
	{"٣", 0, false},
	{"AS-", 0, false},
}

func TestTryUint32(t *testing.T) {
	for _, c := range numberTexts {
		if got, ok := TryUint32([]byte(c.in)); got != c.want || ok != c.ok {
			t.Errorf("TryUint32(%q) = %d, %t, want %d, %t", c.in, got, ok, c.want, c.ok)
		}
	}
}

func checkUint32(t *testing.T, b []byte) {
	t.Helper()
	got, ok := TryUint32(b)
	digits, found := strings.CutPrefix(string(b), "AS")
	if !found {
		digits = strings.TrimPrefix(digits, "as")
	}
	want, err := strconv.ParseUint(digits, 10, 32)
	if ok != (err == nil) || ok && uint64(got) != want || !ok && got != 0 {
		t.Errorf("TryUint32(%q) = %d, %t, want %d, %v", b, got, ok, want, err)
	}
}

var countryTexts = []struct {
	in, want string // "" is not ok
}{
	{"JP", "JP"}, {"jp", "JP"}, {"jP", "JP"}, {"AZ", "AZ"}, {"za", "ZA"}, {"XK", "XK"},
	{"", ""}, {"J", ""}, {"JPN", ""}, {"J1", ""}, {"1J", ""}, {"@A", ""}, {"A[", ""}, {"`a", ""}, {"a{", ""},
	{"--", ""}, {"é", ""}, {"\x00A", ""}, {"A\x00", ""}, {"\xc1\xc2", ""}, {" J", ""},
}

func TestTryCountry(t *testing.T) {
	for _, c := range countryTexts {
		got, ok := TryCountry([]byte(c.in))
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("TryCountry(%q) = %q, %t, want %q", c.in, got, ok, c.want)
		}
	}
}

func checkCountry(t *testing.T, b []byte) {
	t.Helper()
	got, ok := TryCountry(b)
	letters := strings.Trim(strings.ToUpper(string(b)), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	want := ""
	if len(b) == 2 && letters && bytes.IndexFunc(b, func(r rune) bool { return r > 0x7f }) < 0 {
		want = string(bytes.ToUpper(b))
	}
	if got.String() != want || ok != (want != "") {
		t.Errorf("TryCountry(%q) = %q, %t, want %q", b, got, ok, want)
	}
}

func checkTrimSpace(t *testing.T, b []byte) {
	t.Helper()
	if got, want := TrimSpace(b), bytes.Trim(b, " \t"); !bytes.Equal(got, want) {
		t.Errorf("TrimSpace(%q) = %q, want %q", b, got, want)
	}
}

func TestNoAllocations(t *testing.T) {
	tokyo := NewClock(mustZone(t, "Asia/Tokyo"))
	paris := mustZone(t, "Europe/Paris")
	texts := [][]byte{
		[]byte("2019-07-02T12:03:04.123456Z"), []byte("2019-07-02 12:03:04,123 +0900"),
		[]byte("2016-12-31T23:59:60Z"), []byte("2017-01-01 08:59:60"), []byte("2019-07-02T12:03:04.1+09:00"),
		[]byte("192.0.2.1"), []byte("192.0.2.255:443"), []byte("[2001:db8::1%eth0]:443"), []byte("::ffff:192.0.2.1"),
		[]byte("AS2516"), []byte("jp"), []byte(" jp\t"), []byte("nonsense"), nil,
	}
	rng := rand.New(rand.NewPCG(1, 2))
	got := testing.AllocsPerRun(100, func() {
		for _, b := range texts {
			TryTime(b)
			TryAddr(b)
			TryUint32(b)
			TryCountry(b)
			TrimSpace(b)
		}
		wall := rng.Int64N(4e9) * secondMicros
		tokyo.UTC(wall)
		Localize(wall, paris)
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// Nothing that is called for each row allocates, also when it refuses.
func TestNoAllocationsLoose(t *testing.T) {
	var layouts []*Layout
	for _, name := range LayoutNames() {
		layouts = append(layouts, mustLayout(t, name))
	}
	var stamps, texts [][]byte
	for _, c := range layoutTexts {
		stamps = append(stamps, []byte(c.in))
	}
	for _, c := range looseTexts {
		texts = append(texts, []byte(c.in))
	}
	for _, c := range forwardedTexts {
		texts = append(texts, []byte(c.in))
	}
	for _, c := range amountTexts {
		texts = append(texts, []byte(c.in))
	}
	for _, c := range cardTexts {
		texts = append(texts, []byte(c.in))
	}
	for _, c := range countryNameTexts {
		texts = append(texts, []byte(c.in))
	}
	buf := make([]byte, 0, 1<<10)
	got := testing.AllocsPerRun(1, func() {
		for _, l := range layouts {
			for _, b := range stamps {
				l.Try(b, julyHint)
			}
		}
		for _, b := range texts {
			TryAmount(b, AmountRule{}, 2)
			TryAmount(b, AmountRule{Unit: Hundredths, Decimal: ','}, 0)
			TryAddrLoose(b)
			TryForwarded(b, PickLastPublic)
			AppendAddr(buf, b)
			FormatMajor(buf, int64(len(b)), 2)
			FoldWidth(buf, b)
			IsNull(b)
			IsBlank(b)
			IsNoAddr(b)
			IsHostName(b)
			Card(b)
			LooksLikeCard(b)
			MangledNumber(b)
			TryCountryName(b)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

func mustZone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}
