package indicator

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/watch"
)

// A Bundle is what a STIX bundle says beside the indicators.
type Bundle struct {
	Producer    string // who says so
	TLP         string // who may see it: one of TLPs
	Made        int64  // the state of knowledge: the end of the logs, microseconds UTC
	First, Last int64  // of the incident
	Vectors     []string
	Accounts    int64 // entered, confirmed and probable
}

// tlps are the markings of TLP 2.0, as OASIS published them for STIX 2.1.
var tlps = []struct{ name, id string }{
	{"clear", "94868c89-83c2-464b-929b-a1a8aa3c8487"},
	{"green", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"},
	{"amber", "55d920b0-5e8b-4f79-9ee9-91f868d9b421"},
	{"amber+strict", "939a9414-2ddd-4d32-a0cd-375ea402b003"},
	{"red", "e828b379-4e03-4974-9ac4-e53a884c97c1"},
}

// tlpExtension is the definition that the markings follow.
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// TLPs lists the words of the traffic light protocol, the widest circle first.
func TLPs() []string {
	var all []string
	for _, t := range tlps {
		all = append(all, t.name)
	}
	return all
}

// A technique is an entry of ATT&CK.
type technique struct{ id, name string }

// techniques are the ways in, by code, as ATT&CK calls them.
var techniques = map[string]technique{
	"list_type":             {"T1110.004", "Brute Force: Credential Stuffing"},
	"list_type_distributed": {"T1110.004", "Brute Force: Credential Stuffing"},
	"brute_force":           {"T1110.001", "Brute Force: Password Guessing"},
	"spraying":              {"T1110.003", "Brute Force: Password Spraying"},
	"reverse_brute_force":   {"T1110.003", "Brute Force: Password Spraying"},
	"leak_or_insider":       {"T1078", "Valid Accounts"},
	"password_reset":        {"T1098", "Account Manipulation"},
	"external_login":        {"T1190", "Exploit Public-Facing Application"},
	"session_theft":         {"T1539", "Steal Web Session Cookie"},
	"undetermined":          {"T1078", "Valid Accounts"},
}

// space is the namespace of our ids: UUIDv5 of the address of this module in the
// namespace of URLs. The same fact has the same id in every bundle.
var space = uuid5([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8},
	"https://github.com/paytriage/paytriage")

// uuid5 returns the UUID of a name in a namespace, RFC 9562.
func uuid5(in [16]byte, name string) (id [16]byte) {
	sum := sha1.Sum(append(in[:], name...))
	copy(id[:], sum[:])
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return id
}

// idOf returns the id of an object of a type, given what makes it what it is.
func idOf(kind string, parts ...string) string {
	var name strings.Builder
	name.WriteString(kind)
	for _, p := range parts {
		fmt.Fprintf(&name, "|%d:%s", len(p), p) // so that no two lists of parts read the same
	}
	u := uuid5(space, name.String())
	h := hex.EncodeToString(u[:])
	return kind + "--" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// An object is any object of STIX, with the properties in the order in which
// the standard has them.
type object struct {
	Type        string   `json:"type"`
	SpecVersion string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref,omitempty"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified,omitempty"`
	Labels      []string `json:"labels,omitempty"`
	Confidence  *int     `json:"confidence,omitempty"`
	External    []ref    `json:"external_references,omitempty"`
	Markings    []string `json:"object_marking_refs,omitempty"`

	Name           string             `json:"name,omitempty"`
	Description    string             `json:"description,omitempty"`
	IdentityClass  string             `json:"identity_class,omitempty"`
	IndicatorTypes []string           `json:"indicator_types,omitempty"`
	Pattern        string             `json:"pattern,omitempty"`
	PatternType    string             `json:"pattern_type,omitempty"`
	PatternVersion string             `json:"pattern_version,omitempty"`
	ValidFrom      string             `json:"valid_from,omitempty"`
	ValidUntil     string             `json:"valid_until,omitempty"`
	FirstSeen      string             `json:"first_seen,omitempty"`
	LastSeen       string             `json:"last_seen,omitempty"`
	Relationship   string             `json:"relationship_type,omitempty"`
	SourceRef      string             `json:"source_ref,omitempty"`
	TargetRef      string             `json:"target_ref,omitempty"`
	Count          int64              `json:"count,omitempty"`
	SightingOf     string             `json:"sighting_of_ref,omitempty"`
	WhereSighted   []string           `json:"where_sighted_refs,omitempty"`
	Extensions     map[string]tlpMark `json:"extensions,omitempty"`
}

// A ref is a reference to what is not STIX.
type ref struct {
	Source string `json:"source_name"`
	URL    string `json:"url"`
	ID     string `json:"external_id"`
}

// A tlpMark says which light is on.
type tlpMark struct {
	Type string `json:"extension_type"`
	TLP  string `json:"tlp_2_0"`
}

// maxCount is the most that a sighting may count.
const maxCount = 999_999_999

// WriteSTIX writes a bundle: who says so, the incident as a campaign with the
// techniques it used, and for each indicator that holds by the terms a pattern,
// what it indicates and how often it was seen.
func WriteSTIX(w io.Writer, list []Indicator, b *Bundle, t Terms) (indicators int, out LeftOut, err error) {
	s := &stix{b: b}
	s.frame()
	patterns := map[string]int{}
	var all []found
	for n := range list {
		i := &list[n]
		pattern := Pattern(i.Kind, i.Value)
		if pattern == "" {
			out.Other++
			continue
		}
		if at, again := patterns[pattern]; again {
			all[at].merge(i)
			continue
		}
		patterns[pattern] = len(all)
		all = append(all, found{*i, pattern, []string{i.Role}})
	}
	for n := range all {
		if t.holds(&all[n].Indicator, &out) {
			s.indicator(&all[n])
			indicators++
		}
	}
	ids := make([]string, len(s.objects))
	for n := range s.objects {
		ids[n] = s.objects[n].ID + s.objects[n].Modified
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return indicators, out, e.Encode(struct {
		Type    string   `json:"type"`
		ID      string   `json:"id"`
		Objects []object `json:"objects"`
	}{"bundle", idOf("bundle", ids...), s.objects})
}

// A found is all that is known of what one pattern finds.
type found struct {
	Indicator
	pattern string
	roles   []string
}

// merge takes in that the same was seen in another role or form: who tried from an
// address may have spent from there, too.
func (f *found) merge(i *Indicator) {
	if !slices.Contains(f.roles, i.Role) {
		f.roles = append(f.roles, i.Role)
		slices.Sort(f.roles)
	}
	f.Confidence, f.Tried, f.Entered = max(f.Confidence, i.Confidence), max(f.Tried, i.Tried), max(f.Entered, i.Entered)
	f.First, f.Last, f.Until = min(f.First, i.First), max(f.Last, i.Last), max(f.Until, i.Until)
	f.Honest, f.Attempts, f.Narrow = max(f.Honest, i.Honest), min(f.Attempts, maxCount)+min(i.Attempts, maxCount), f.Narrow && i.Narrow
	if f.Sharing != i.Sharing {
		f.Sharing = Shared
	}
}

// A stix is a bundle that is being drawn up.
type stix struct {
	b                           *Bundle
	objects                     []object
	marking, identity, campaign string
}

// stamp writes a time to the millisecond, as the standard wants it.
func stamp(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000Z")
}

// add adds an object that was first known at a time.
func (s *stix) add(o object, known int64) {
	o.SpecVersion, o.CreatedBy, o.Markings = "2.1", s.identity, []string{s.marking}
	o.Created, o.Modified = stamp(min(known, s.b.Made)), stamp(s.b.Made)
	s.objects = append(s.objects, o)
}

// frame adds what all indicators refer to.
func (s *stix) frame() {
	b := s.b
	at := slices.IndexFunc(tlps, func(t struct{ name, id string }) bool { return t.name == b.TLP })
	s.marking = "marking-definition--" + tlps[at].id
	s.objects = append(s.objects, object{Type: "marking-definition", SpecVersion: "2.1", ID: s.marking, Created: "2022-10-01T00:00:00.000Z",
		Name: "TLP:" + strings.ToUpper(b.TLP), Extensions: map[string]tlpMark{tlpExtension: {"property-extension", b.TLP}}})
	s.identity = idOf("identity", b.Producer)
	s.add(object{Type: "identity", ID: s.identity, Name: b.Producer, IdentityClass: "organization"}, b.First)
	s.campaign = idOf("campaign", b.Producer, stamp(b.First))
	s.add(object{Type: "campaign", ID: s.campaign, FirstSeen: stamp(b.First), LastSeen: stamp(b.Last),
		Name:        "Account takeovers, " + stamp(b.First)[:10] + " to " + stamp(b.Last)[:10],
		Description: fmt.Sprintf("%d accounts of a payment service were entered by others.", b.Accounts)}, b.First)
	var used []string
	for _, v := range b.Vectors {
		t, ok := techniques[v]
		if !ok || slices.Contains(used, t.id) {
			continue
		}
		used = append(used, t.id)
		id := idOf("attack-pattern", t.id)
		s.add(object{Type: "attack-pattern", ID: id, Name: t.name, External: []ref{{Source: "mitre-attack", ID: t.id,
			URL: "https://attack.mitre.org/techniques/" + strings.ReplaceAll(t.id, ".", "/") + "/"}}}, b.First)
		s.relate("uses", s.campaign, id, b.First)
	}
}

func (s *stix) relate(how, from, to string, known int64) {
	s.add(object{Type: "relationship", ID: idOf("relationship", how, from, to), Relationship: how, SourceRef: from, TargetRef: to}, known)
}

// indicatorTypes are words of the standard's vocabulary: of a user agent and an
// operator, which honest people have too, no more is said than that it is odd.
func indicatorTypes(kind string) []string {
	if kind == watch.Agent || kind == watch.ASN {
		return []string{"anomalous-activity"}
	}
	return []string{"malicious-activity"}
}

func (s *stix) indicator(i *found) {
	id := idOf("indicator", s.b.Producer, i.pattern)
	labels := append([]string{i.Kind}, i.roles...)
	if i.Sharing != Alone {
		labels = append(labels, "shared")
	}
	s.add(object{Type: "indicator", ID: id, Labels: labels, Confidence: &i.Confidence,
		Name:           names[i.Kind] + " of the attack: " + strings.ToValidUTF8(i.Value, "\ufffd"),
		Description:    fmt.Sprintf("Role: %s. Accounts tried: %d, entered: %d. Accounts of honest people seen there: %d.", strings.Join(i.roles, ", "), i.Tried, i.Entered, i.Honest),
		IndicatorTypes: indicatorTypes(i.Kind), Pattern: i.pattern, PatternType: "stix", PatternVersion: "2.1",
		ValidFrom: stamp(i.First), ValidUntil: stamp(i.Until)}, i.First)
	s.relate("indicates", id, s.campaign, i.First)
	s.add(object{Type: "sighting", ID: idOf("sighting", id, s.identity), SightingOf: id, WhereSighted: []string{s.identity},
		FirstSeen: stamp(i.First), LastSeen: stamp(i.Last), Count: min(max(i.Attempts, 1), maxCount)}, i.First)
}

// names are what kinds are called.
var names = map[string]string{watch.IP: "Address", watch.Network: "Network", watch.Agent: "User agent", watch.ASN: "Network operator", watch.Device: "Device"}

// DeviceType is the type of object that patterns name devices by: the standard
// has none.
const DeviceType = "x-paytriage-device"

// Pattern returns the pattern that finds a thing in traffic or logs, "" where
// there is none: a shop is nothing that a sensor sees, and what is no UTF-8 no
// pattern can say.
func Pattern(kind, value string) string {
	if value == "" || strings.ToValidUTF8(value, "") != value {
		return ""
	}
	switch kind {
	case watch.IP, watch.Network:
		p, ok := watch.Prefix(value)
		if !ok {
			return ""
		}
		object := "ipv6-addr"
		if p.Addr().Is4() {
			object = "ipv4-addr"
		}
		if kind == watch.IP {
			return "[" + object + ":value = " + quote(text(p)) + "]"
		}
		return "[" + object + ":value ISSUBSET " + quote(p.String()) + "]"
	case watch.Agent:
		return "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = " + quote(value) + "]"
	case watch.ASN:
		digits := strings.TrimLeft(strings.ToUpper(value), "AS")
		if digits == "" || len(digits) > 10 || strings.Trim(digits, "0123456789") != "" {
			return ""
		}
		return "[autonomous-system:number = " + digits + "]"
	case watch.Device:
		return "[" + DeviceType + ":value = " + quote(value) + "]"
	}
	return ""
}

// quote writes a string of the grammar of patterns.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
