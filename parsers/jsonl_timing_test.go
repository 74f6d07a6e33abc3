package parsers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers/internal/block"
)

// authObjects returns what authLines returns as JSON Lines.
func authObjects(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"event_time":"2019-06-30T%02d:%02d:%02d.%06dZ","account_id":"n7hthd%05d","event":"login","outcome":"success","reason":"","ip":"240.129.%d.%d","device_id":"48a9ce69-1625-4659-9057-88e2%08d","user_agent":"WalletApp/2.13.2 (Android 9; SHV43)","session_id":"609dc8be%08d","country":"JP","asn":64776}`+"\n",
			i/3600%24, i/60%60, i%60, i%1_000_000, i*7919%50_000, i>>8&255, i&255, i*7919%60_000, i)
	}
	return b.String()
}

// oktaObjects returns logins as Okta's system log has them, of about 1 KB each.
func oktaObjects(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"actor":{"id":"00u%05d","type":"User","alternateId":"ann%05d@example.org","displayName":"A. Person","detailEntry":null},`, i*7919%50_000, i*7919%50_000)
		fmt.Fprintf(&b, `"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0","os":"Windows 10","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"198.51.%d.%d",`, i>>8&255, i&255)
		b.WriteString(`"geographicalContext":{"city":"Tokyo","state":"Tokyo","country":"Japan","postalCode":"100-0001","geolocation":{"lat":35.6,"lon":139.7}}},"device":null,`)
		fmt.Fprintf(&b, `"authenticationContext":{"authenticationProvider":null,"authenticationStep":0,"externalSessionId":"102%010d"},"displayMessage":"User login to Okta","eventType":"user.session.start",`, i)
		fmt.Fprintf(&b, `"outcome":{"result":"SUCCESS","reason":null},"published":"2026-02-14T%02d:%02d:%02d.%03dZ","securityContext":{"asNumber":64500,"asOrg":"example","isp":"example","domain":null,"isProxy":false},"severity":"INFO",`,
			i/3600%24, i/60%60, i%60, i%1000)
		fmt.Fprintf(&b, `"debugContext":{"debugData":{"requestId":"Rq%08d","requestUri":"/api/v1/authn","threatSuspected":"false","dtHash":"d7%030d"}},"legacyEventType":"core.user_auth.login_success",`, i, i*7919%60_000)
		fmt.Fprintf(&b, `"transaction":{"type":"WEB","id":"Rq%08d","detail":{}},"uuid":"0a000000-1f00-11f1-8000-%012d","version":"0","target":null}`+"\n", i, i)
	}
	return b.String()
}

// cp932Lines returns what authLines returns with a user agent in Shift JIS.
func cp932Lines(n int) string {
	return strings.ReplaceAll(authLines(n), "WalletApp", "\x83\x45\x83\x48\x83\x8c\x83\x62\x83\x67")
}

// TestNothingIsAllocatedForAnObject is TestNothingIsAllocatedForARow for JSON,
// for a profile and for text in another encoding.
func TestNothingIsAllocatedForAnObject(t *testing.T) {
	f := func(name string, lines func(n int) string) {
		t.Helper()
		const few, many = 1_000, 10_000
		allocs := func(n int) float64 {
			inputs := write(t, file{"x", lines(n), event.Auth})
			return testing.AllocsPerRun(2, func() {
				if log := mustLoad(t, inputs, yen(), block.Size); log.Rows() != int64(n) {
					t.Errorf("%s: %d rows, want %d", name, log.Rows(), n)
				}
			})
		}
		if a, b := allocs(few), allocs(many); b-a > (many-few)/20 {
			t.Errorf("%s: %.0f allocations for %d rows, %.0f for %d", name, a, few, b, many)
		}
	}
	f("JSON Lines", authObjects)
	f("okta", oktaObjects)
	f("CP932", cp932Lines)
}

func benchmarkLoadFile(b *testing.B, format, text string, rows int64) {
	inputs := write(b, file{"x", text, event.Auth})
	opt := yen()
	opt.Workers = runtime.GOMAXPROCS(0)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		log, err := Load(context.Background(), inputs, opt)
		if err != nil {
			b.Fatal(err)
		}
		if s := log.Sources[0]; s.Accepted != rows || s.Read != rows || s.Format != format {
			b.Fatalf("%+v", s)
		}
	}
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLoadJSONL(b *testing.B) {
	const rows = 200_000
	b.Run("reader=Load", func(b *testing.B) {
		benchmarkLoadFile(b, "neutral, JSON Lines", authObjects(rows), rows)
	})
	b.Run("reader=encoding-json", func(b *testing.B) { benchmarkUnmarshal(b, authObjects(rows), rows) })
}

func BenchmarkLoadOkta(b *testing.B) {
	const rows = 40_000
	benchmarkLoadFile(b, "okta, JSON Lines", oktaObjects(rows), rows)
}

func BenchmarkLoadCP932(b *testing.B) {
	const rows = 200_000
	benchmarkLoadFile(b, "neutral, delimited text, CP932", cp932Lines(rows), rows)
}

// benchmarkUnmarshal reads the same file with the standard library, on one
// core, and does nothing with it but count.
func benchmarkUnmarshal(b *testing.B, text string, rows int) {
	inputs := write(b, file{"x", text, event.Auth})
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in, err := os.Open(inputs[0].Path)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for lines := bufio.NewScanner(in); lines.Scan(); n++ {
			var row struct {
				Time    string      `json:"event_time"`
				Account string      `json:"account_id"`
				Event   string      `json:"event"`
				Outcome string      `json:"outcome"`
				IP      string      `json:"ip"`
				Device  string      `json:"device_id"`
				Agent   string      `json:"user_agent"`
				Session string      `json:"session_id"`
				ASN     json.Number `json:"asn"`
			}
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row.Account == "" {
				b.Fatal(row, err)
			}
		}
		if in.Close(); n != rows {
			b.Fatalf("%d records", n)
		}
	}
}
