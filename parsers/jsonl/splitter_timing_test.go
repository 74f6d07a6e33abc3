package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchPaths are the fields of a login, as the neutral schema has them.
var benchPaths = []string{"event_time", "account_id", "event", "outcome", "reason", "ip", "device_id", "user_agent", "session_id", "country", "asn"}

// benchLogin is a login in the neutral schema.
type benchLogin struct {
	EventTime string      `json:"event_time"`
	AccountID string      `json:"account_id"`
	Event     string      `json:"event"`
	Outcome   string      `json:"outcome"`
	Reason    string      `json:"reason"`
	IP        string      `json:"ip"`
	DeviceID  string      `json:"device_id"`
	UserAgent string      `json:"user_agent"`
	SessionID string      `json:"session_id"`
	Country   string      `json:"country"`
	ASN       json.Number `json:"asn"`
}

func (l *benchLogin) size() int {
	return len(l.EventTime) + len(l.AccountID) + len(l.Event) + len(l.Outcome) + len(l.Reason) + len(l.IP) +
		len(l.DeviceID) + len(l.UserAgent) + len(l.SessionID) + len(l.Country) + len(l.ASN)
}

// benchLogins writes logins, one a line, and adds up the lengths of their
// values. Lengths differ, and in one record of eight something is escaped.
func benchLogins(n int) (data []byte, size int) {
	rng := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i := range n {
		l := benchLogin{
			EventTime: "2019-06-30T15:01:49.268979Z", AccountID: fmt.Sprintf("n%x", rng.Uint32()>>rng.IntN(16)),
			Event: "login", Outcome: []string{"success", "failure"}[rng.IntN(2)], Reason: []string{"", "bad_password"}[rng.IntN(2)],
			IP:        fmt.Sprintf("%d.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256)),
			DeviceID:  fmt.Sprintf("%08x-%04x-4659-9057-88e291bb9ebb", rng.Uint32(), rng.IntN(65536)),
			UserAgent: "WalletApp/2.13.2 (Android 9; SHV43)", SessionID: fmt.Sprintf("%016x", rng.Uint64()),
			Country: "JP", ASN: json.Number(fmt.Sprint(rng.IntN(70000))),
		}
		if i%8 == 0 {
			l.UserAgent = "Wallet\"App\"/2.13.2 (Android 9; SHV43)"
		}
		if err := enc.Encode(l); err != nil {
			panic(err)
		}
		size += l.size()
	}
	return b.Bytes(), size
}

// nestedPaths are what is asked of a nested record.
var nestedPaths = []string{"published", "actor.id", "eventType", "outcome.result", "outcome.reason", "client.ipAddress", "client.device",
	"client.userAgent.rawUserAgent", "authenticationContext.externalSessionId", "client.geographicalContext.country",
	"securityContext.asNumber", "target[type=AppUser].alternateId"}

// nestedLogin is a record as identity services export them, as far as it is
// asked for.
type nestedLogin struct {
	Published string
	Actor     struct{ ID string }
	EventType string
	Outcome   struct{ Result, Reason string }
	Client    struct {
		IPAddress, Device   string
		UserAgent           struct{ RawUserAgent string }
		GeographicalContext struct{ Country string }
	}
	AuthenticationContext struct{ ExternalSessionID string }
	SecurityContext       struct{ AsNumber json.Number }
	Target                []struct{ Type, AlternateID string }
}

func (l *nestedLogin) size() (n int) {
	for _, t := range l.Target {
		if t.Type == "AppUser" {
			n = len(t.AlternateID)
			break
		}
	}
	return n + len(l.Published) + len(l.Actor.ID) + len(l.EventType) + len(l.Outcome.Result) + len(l.Outcome.Reason) +
		len(l.Client.IPAddress) + len(l.Client.Device) + len(l.Client.UserAgent.RawUserAgent) +
		len(l.AuthenticationContext.ExternalSessionID) + len(l.Client.GeographicalContext.Country) + len(l.SecurityContext.AsNumber)
}

// benchNested writes nested records of about 2 KB, one a line.
func benchNested(n int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	var b bytes.Buffer
	for range n {
		id, ip := fmt.Sprintf("00u%x", rng.Uint64()), fmt.Sprintf("%d.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256))
		fmt.Fprintf(&b, `{"actor":{"id":"%s","type":"User","alternateId":"%x@example.com","displayName":"A. Person","detailEntry":null},`, id, rng.Uint32())
		fmt.Fprintf(&b, `"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36","os":"Windows 10","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"%s",`, ip)
		fmt.Fprintf(&b, `"geographicalContext":{"city":"Osaka","state":"Osaka","country":"Japan","postalCode":"543-0062","geolocation":{"lat":34.%d,"lon":135.%d}}},`, rng.IntN(10000), rng.IntN(10000))
		b.WriteString(`"device":null,"authenticationContext":{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,"issuer":null,"interface":null,"authenticationStep":0,"rootSessionId":"`)
		fmt.Fprintf(&b, `idx%x","externalSessionId":"idx%x"},"displayMessage":"User login to the service","eventType":"user.session.start",`, rng.Uint64(), rng.Uint64())
		fmt.Fprintf(&b, `"outcome":{"result":"%s","reason":%s},"published":"2023-08-0%dT09:1%d:02.%03dZ",`, []string{"SUCCESS", "FAILURE"}[rng.IntN(2)], []string{"null", `"INVALID_CREDENTIALS"`}[rng.IntN(2)], 1+rng.IntN(9), rng.IntN(10), rng.IntN(1000))
		fmt.Fprintf(&b, `"securityContext":{"asNumber":%d,"asOrg":"an operator","isp":"an operator of networks","domain":"example.net","isProxy":false},"severity":"INFO",`, rng.IntN(70000))
		fmt.Fprintf(&b, `"debugContext":{"debugData":{"requestId":"%x","dtHash":"%x%x","requestUri":"/idp/idx/authenticators/poll","threatSuspected":"false","url":"/idp/idx/authenticators/poll?","origin":"https://login.example.com","logOnlySecurityData":"{\"risk\":{\"level\":\"LOW\"},\"behaviors\":{\"New Geo-Location\":\"NEGATIVE\",\"New Device\":\"NEGATIVE\"}}"}},`, rng.Uint64(), rng.Uint64(), rng.Uint64())
		fmt.Fprintf(&b, `"legacyEventType":"core.user_auth.login_success","transaction":{"type":"WEB","id":"%x","detail":{}},"uuid":"%x-11ee","version":"0",`, rng.Uint64(), rng.Uint64())
		fmt.Fprintf(&b, `"request":{"ipChain":[{"ip":"%s","geographicalContext":{"city":"Osaka","country":"Japan","geolocation":{"lat":34.6,"lon":135.5}},"version":"V4","source":null}]},`, ip)
		fmt.Fprintf(&b, `"target":[{"id":"%x","type":"AppInstance","alternateId":"a wallet","displayName":"a wallet","detailEntry":null},{"id":"%x","type":"AppUser","alternateId":"%x@example.com","displayName":"A. Person","detailEntry":null}]}`+"\n", rng.Uint64(), rng.Uint64(), rng.Uint32())
	}
	return b.Bytes()
}

// sum adds up the lengths of all values of all rows.
func sum(s *Splitter, slots int) (size int) {
	for s.Next() {
		if s.Malformed != "" {
			return -1
		}
		for slot := range slots {
			size += len(s.Value(slot))
		}
	}
	return size
}

func benchmark(b *testing.B, data []byte, want int, read func() int) {
	b.Helper()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if n := read(); n != want {
			b.Fatalf("%d, want %d", n, want)
		}
	}
}

// BenchmarkFlat reads records of the neutral schema.
func BenchmarkFlat(b *testing.B) {
	data, size := benchLogins(4000)
	b.Run("reader=Splitter", func(b *testing.B) {
		s := mustSplitter(b, "", benchPaths...)
		benchmark(b, data, size, func() int {
			s.Reset(data)
			return sum(s, len(benchPaths))
		})
	})
	b.Run("reader=encoding-json", func(b *testing.B) {
		benchmark(b, data, size, func() (n int) {
			for line := range bytes.Lines(data) {
				var l benchLogin
				if err := json.Unmarshal(line, &l); err != nil {
					b.Fatal(err)
				}
				n += l.size()
			}
			return n
		})
	})
}

// BenchmarkNested reads values from all over nested records.
func BenchmarkNested(b *testing.B) {
	data := benchNested(600)
	size := 0
	control := func() (n int) {
		for line := range bytes.Lines(data) {
			var l nestedLogin
			if err := json.Unmarshal(line, &l); err != nil {
				b.Fatal(err)
			}
			n += l.size()
		}
		return n
	}
	size = control()
	b.Run("reader=Splitter", func(b *testing.B) {
		s := mustSplitter(b, "", nestedPaths...)
		benchmark(b, data, size, func() int {
			s.Reset(data)
			return sum(s, len(nestedPaths))
		})
	})
	b.Run("reader=encoding-json", func(b *testing.B) { benchmark(b, data, size, control) })
}

func mustSplitter(tb testing.TB, each string, paths ...string) *Splitter {
	tb.Helper()
	p, err := Compile(paths)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := NewSplitter(p, each)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
