package scalar

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paytriage/paytriage/forensics/event"
)

// countryNameTexts are countries as logs name them; "" is not ok.
var countryNameTexts = []struct{ in, want string }{
	{"United States", "US"}, {"united states of america", "US"}, {"USA", "US"}, {"U.S.A.", "US"}, {"us", "US"}, {"840", "US"},
	{"アメリカ合衆国", "US"}, {"米国", "US"}, {"アメリカ", "US"},
	{"Japan", "JP"}, {"日本", "JP"}, {"JPN", "JP"}, {"jpn", "JP"}, {"392", "JP"}, {"ＪＰＮ", "JP"},
	{"Viet Nam", "VN"}, {"Vietnam", "VN"}, {"ベトナム", "VN"},
	{"United Kingdom", "GB"}, {"UK", "GB"}, {"U.K.", "GB"}, {"Great Britain", "GB"}, {"イギリス", "GB"},
	{"South Korea", "KR"}, {"Republic of Korea", "KR"}, {"Korea, Republic of", "KR"}, {"韓国", "KR"},
	{"North Korea", "KP"}, {"Korea, Democratic People's Republic of", "KP"}, {"Korea (Democratic People’s Republic of)", "KP"},
	{"Türkiye", "TR"}, {"TURKIYE", "TR"}, {"Turkey", "TR"},
	{"Côte d'Ivoire", "CI"}, {"Cote dIvoire", "CI"}, {"Ivory Coast", "CI"},
	{"St. Kitts & Nevis", "KN"}, {"Saint Kitts and Nevis", "KN"},
	{"Bosnia and Herzegovina", "BA"}, {"Bosnia & Herzegovina", "BA"}, {"Bosnia-Herzegovina", ""},
	{"The Netherlands", "NL"}, {"Netherlands", "NL"}, {"Bahamas, The", "BS"}, {"Gambia (the)", "GM"},
	{"Hong Kong", "HK"}, {"Hong Kong SAR China", "HK"}, {"香港", "HK"}, {"Macao", "MO"}, {"Macau", "MO"},
	{"Taiwan", "TW"}, {"Taiwan, Province of China", "TW"}, {"台湾", "TW"}, {"China", "CN"}, {"中国", "CN"},
	{"Russia", "RU"}, {"Russian Federation", "RU"}, {"ロシア連邦", "RU"},
	{"Czechia", "CZ"}, {"Czech Republic", "CZ"}, {"North Macedonia", "MK"}, {"Eswatini", "SZ"}, {"Swaziland", "SZ"},
	{"Myanmar [Burma]", "MM"}, {"Republic of Lithuania", "LT"}, {"Hashemite Kingdom of Jordan", "JO"},
	{"DR Congo", "CD"}, {"Republic of the Congo", "CG"}, {"Congo", "CG"}, {"Kosovo", "XK"}, {"Curaçao", "CW"}, {"São Tomé and Príncipe", "ST"},
	{"Réunion", "RE"}, {"Åland", "AX"}, {"ボスニア･ヘルツェゴビナ", "BA"}, {"アンティグアバーブーダ", "AG"},
	{"Guinea", "GN"}, {"Guinea-Bissau", "GW"}, {"Papua New Guinea", "PG"}, {"Niger", "NE"}, {"Nigeria", "NG"},
	{"XX", "XX"}, // as TryCountry

	{"", ""}, {"Korea", ""}, {"Virgin Islands", ""}, {"Atlantis", ""}, {"America", ""}, {"n/a", ""}, {"-", ""}, {"the", ""}, {"36", ""}, {"000", ""}, {"999", ""},
	{"Japan Japan", ""}, {"Jäpan", "JP"}, {"Jap×an", ""}, {"Jap\xffan", ""}, {strings.Repeat("&", 96), ""}, {strings.Repeat("st ", 32), ""}, {strings.Repeat("a", 97), ""},
}

func TestTryCountryName(t *testing.T) {
	for _, c := range countryNameTexts {
		got, ok := TryCountryName([]byte(c.in))
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("TryCountryName(%q) = %q, %t, want %q", c.in, got, ok, c.want)
		}
	}
}

// The table: every country once, every code and name of one country only, and
// all of them found.
func TestCountryTable(t *testing.T) {
	owner := map[string]string{}
	countries := 0
	for line := range strings.Lines(strings.TrimSpace(countryTable)) {
		codes := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(codes) != 4 || len(codes[0]) != 2 || len(codes[1]) != 3 || len(codes[2]) != 3 || strings.Trim(codes[2], "0123456789") != "" {
			t.Fatalf("%q is no line of the table", line)
		}
		countries++
		for _, name := range append(codes[:3:3], strings.Split(codes[3], "; ")...) {
			folded := string(foldName(nil, []byte(name)))
			if other := owner[folded]; other != "" {
				t.Errorf("%q is of %s and of %s", name, other, codes[0])
			}
			owner[folded] = codes[0]
			if c, ok := TryCountryName([]byte(name)); !ok || c.String() != codes[0] {
				t.Errorf("TryCountryName(%q) = %q, want %s", name, c, codes[0])
			}
		}
	}
	if countries != 250 { // of ISO 3166 there are 249
		t.Errorf("the table has %d countries", countries)
	}
}

func checkCountryName(t *testing.T, b []byte) {
	t.Helper()
	c, ok := TryCountryName(b)
	if ok != (c != 0) || ok && len(c.String()) != 2 {
		t.Errorf("TryCountryName(%q) = %q, %t", b, c, ok)
	}
	folded := foldName(nil, b)
	if len(folded) > 4*len(b) || utf8.Valid(b) && string(foldName(nil, folded)) != string(folded) {
		t.Errorf("%q folds to %q, which folds to %q", b, folded, foldName(nil, folded))
	}
	if want, isCode := TryCountry(b); isCode && c != want && string(foldName(nil, b)) != "uk" {
		t.Errorf("TryCountryName(%q) = %q, TryCountry says %q", b, c, want)
	}
}

func BenchmarkTryCountryName(b *testing.B) {
	names := []string{"United States", "日本", "Viet Nam", "JPN", "us", "Côte d'Ivoire"}
	texts := make([][]byte, many)
	var want int64
	for i := range texts {
		texts[i] = []byte(names[i%len(names)])
		c, ok := TryCountryName(texts[i])
		if !ok {
			b.Fatal(names[i%len(names)])
		}
		want += int64(c)
	}
	b.Run("reader=TryCountryName", func(b *testing.B) {
		benchTexts(b, texts, want, func(t []byte) int64 { c, _ := TryCountryName(t); return int64(c) })
	})
	exact := map[string]event.Country{} // a map that knows each spelling
	for _, t := range texts {
		exact[string(t)], _ = TryCountryName(t)
	}
	b.Run("reader=map", func(b *testing.B) {
		benchTexts(b, texts, want, func(t []byte) int64 { return int64(exact[string(t)]) })
	})
}
