package scalar

import (
	"strings"
	"time"
)

// maxAbbreviation is how many letters the short name of a zone may have.
const maxAbbreviation = 4

// zoneAt reads the short name of a zone, or an offset, that b begins with.
func zoneAt(b []byte) (sec int64, n int) {
	for n < len(b) && isLetter(b[n]) {
		n++
	}
	if n < 2 || n > maxAbbreviation {
		return offsetAt(b)
	}
	var name [maxAbbreviation]byte
	for i, c := range b[:n] {
		name[i] = lower(c)
	}
	sec, ok := abbreviation(string(name[:n]))
	if !ok {
		return 0, 0
	}
	if sec == 0 && n < len(b) && (b[n] == '+' || b[n] == '-') && name[0] != 'w' {
		sec, more := hoursAt(b[n:], 1)
		if more == 0 {
			return 0, 0
		}
		return sec, n + more
	}
	return sec, n
}

// abbreviation returns the offset that a short name means, in seconds east of
// UTC. Which have a place here, and why, is said at CompileLayout.
func abbreviation(name string) (sec int64, ok bool) {
	hours := int64(0)
	switch name {
	case "utc", "gmt", "ut", "wet":
	case "cet", "west":
		hours = 1
	case "cest", "eet":
		hours = 2
	case "eest":
		hours = 3
	case "hkt", "sgt":
		hours = 8
	case "jst", "kst":
		hours = 9
	case "aest":
		hours = 10
	case "aedt":
		hours = 11
	case "nzst":
		hours = 12
	case "nzdt":
		hours = 13
	case "edt":
		hours = -4
	case "est", "cdt":
		hours = -5
	case "cst", "mdt":
		hours = -6
	case "mst", "pdt":
		hours = -7
	case "pst", "akdt":
		hours = -8
	case "akst":
		hours = -9
	case "hst":
		hours = -10
	default:
		return 0, false
	}
	return hours * 3600, true
}

// offsetAt reads Z, +09, +0900 or +09:00 at the beginning of b.
func offsetAt(b []byte) (sec int64, n int) {
	if len(b) > 0 && lower(b[0]) == 'z' {
		return 0, 1
	}
	return hoursAt(b, 2)
}

// hoursAt reads a sign and hours, of at least so many digits and at most two,
// then minutes of two, if there are any.
func hoursAt(b []byte, least int) (sec int64, n int) {
	if len(b) < 2 || b[0] != '+' && b[0] != '-' {
		return 0, 0
	}
	for n = 1; n < len(b) && n < 3 && isDigit(b[n]); n++ {
		sec = sec*10 + int64(b[n]-'0')
	}
	if n <= least {
		return 0, 0
	}
	sec *= 3600
	m := b[n:]
	if len(m) > 0 && m[0] == ':' {
		m = m[1:]
	}
	if len(m) >= 2 && isDigit(m[0]) && isDigit(m[1]) {
		if m[0] > '5' {
			return 0, 0
		}
		sec += (int64(m[0]-'0')*10 + int64(m[1]-'0')) * 60
		n = len(b) - len(m) + 2
	}
	if sec > maxOffset {
		return 0, 0
	}
	if b[0] == '-' {
		sec = -sec
	}
	return sec, n
}

// maxZoneName is how long the name of a zone may be, in bytes.
const maxZoneName = 64

// ZoneOf returns the zone that a column of its own, or an option, names:
//
//   - an offset or a short name, as in stamps (+09:00, JST, GMT+9; see
//     CompileLayout): a zone that is always that far from UTC, also PST in June
//     and CET in July, since a log that goes over to PDT or CEST writes so;
//   - a name of the IANA database (America/Los_Angeles, Japan);
//   - a name of Rails, as Square writes it (Eastern Time (US & Canada)).
//
// Names that mean another zone on another machine (Local, localtime) are
// refused. It allocates and may read files: ask once for each distinct name.
func ZoneOf(name []byte) (*time.Location, bool) {
	if len(name) == 0 || len(name) > maxZoneName {
		return nil, false
	}
	if sec, n := zoneAt(name); n == len(name) {
		if sec == 0 {
			return time.UTC, true
		}
		return time.FixedZone(string(name), int(sec)), true
	}
	if iana, ok := railsZones[string(name)]; ok {
		return loadZone(iana)
	}
	return loadZone(string(name))
}

// loadZone returns a zone of the IANA database.
func loadZone(name string) (*time.Location, bool) {
	switch {
	case name == "Local", name == "localtime", name == "posixrules", name == "Factory",
		strings.HasPrefix(name, "right/"), strings.HasPrefix(name, "posix/"):
		return nil, false
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && !strings.ContainsRune("/_+-", rune(c)) {
			return nil, false
		}
	}
	loc, err := time.LoadLocation(name)
	return loc, err == nil
}

// railsZones are the names of zones in Rails that are not those of the IANA
// database. International Date Line West is not among them, because it has been
// two different zones.
var railsZones = map[string]string{
	"American Samoa": "Pacific/Pago_Pago", "Midway Island": "Pacific/Pago_Pago",
	"Hawaii": "Pacific/Honolulu", "Alaska": "America/Juneau",
	"Pacific Time (US & Canada)": "America/Los_Angeles", "Tijuana": "America/Tijuana",
	"Mountain Time (US & Canada)": "America/Denver", "Arizona": "America/Phoenix",
	"Chihuahua": "America/Chihuahua", "Mazatlan": "America/Mazatlan",
	"Central Time (US & Canada)": "America/Chicago", "Saskatchewan": "America/Regina",
	"Guadalajara": "America/Mexico_City", "Mexico City": "America/Mexico_City",
	"Monterrey": "America/Monterrey", "Central America": "America/Guatemala",
	"Eastern Time (US & Canada)": "America/New_York", "Indiana (East)": "America/Indiana/Indianapolis",
	"Bogota": "America/Bogota", "Lima": "America/Lima", "Quito": "America/Lima",
	"Atlantic Time (Canada)": "America/Halifax", "Caracas": "America/Caracas", "La Paz": "America/La_Paz",
	"Santiago": "America/Santiago", "Newfoundland": "America/St_Johns", "Brasilia": "America/Sao_Paulo",
	"Buenos Aires": "America/Argentina/Buenos_Aires", "Montevideo": "America/Montevideo",
	"Georgetown": "America/Guyana", "Puerto Rico": "America/Puerto_Rico", "Greenland": "America/Nuuk",
	"Mid-Atlantic": "Atlantic/South_Georgia", "Azores": "Atlantic/Azores", "Cape Verde Is.": "Atlantic/Cape_Verde",

	"Dublin": "Europe/Dublin", "Edinburgh": "Europe/London", "Lisbon": "Europe/Lisbon", "London": "Europe/London",
	"Casablanca": "Africa/Casablanca", "Monrovia": "Africa/Monrovia",
	"Belgrade": "Europe/Belgrade", "Bratislava": "Europe/Bratislava", "Budapest": "Europe/Budapest",
	"Ljubljana": "Europe/Ljubljana", "Prague": "Europe/Prague", "Sarajevo": "Europe/Sarajevo",
	"Skopje": "Europe/Skopje", "Warsaw": "Europe/Warsaw", "Zagreb": "Europe/Zagreb",
	"Brussels": "Europe/Brussels", "Copenhagen": "Europe/Copenhagen", "Madrid": "Europe/Madrid",
	"Paris": "Europe/Paris", "Amsterdam": "Europe/Amsterdam", "Berlin": "Europe/Berlin",
	"Bern": "Europe/Zurich", "Zurich": "Europe/Zurich", "Rome": "Europe/Rome", "Stockholm": "Europe/Stockholm",
	"Vienna": "Europe/Vienna", "West Central Africa": "Africa/Algiers",
	"Bucharest": "Europe/Bucharest", "Cairo": "Africa/Cairo", "Helsinki": "Europe/Helsinki", "Kyiv": "Europe/Kyiv",
	"Riga": "Europe/Riga", "Sofia": "Europe/Sofia", "Tallinn": "Europe/Tallinn", "Vilnius": "Europe/Vilnius",
	"Athens": "Europe/Athens", "Istanbul": "Europe/Istanbul", "Minsk": "Europe/Minsk",
	"Jerusalem": "Asia/Jerusalem", "Harare": "Africa/Harare", "Pretoria": "Africa/Johannesburg",
	"Kaliningrad": "Europe/Kaliningrad", "Moscow": "Europe/Moscow", "St. Petersburg": "Europe/Moscow",
	"Volgograd": "Europe/Volgograd", "Samara": "Europe/Samara",

	"Kuwait": "Asia/Kuwait", "Riyadh": "Asia/Riyadh", "Nairobi": "Africa/Nairobi", "Baghdad": "Asia/Baghdad",
	"Tehran": "Asia/Tehran", "Abu Dhabi": "Asia/Dubai", "Muscat": "Asia/Muscat", "Baku": "Asia/Baku",
	"Tbilisi": "Asia/Tbilisi", "Yerevan": "Asia/Yerevan", "Kabul": "Asia/Kabul",
	"Ekaterinburg": "Asia/Yekaterinburg", "Islamabad": "Asia/Karachi", "Karachi": "Asia/Karachi",
	"Tashkent": "Asia/Tashkent", "Chennai": "Asia/Kolkata", "Kolkata": "Asia/Kolkata", "Mumbai": "Asia/Kolkata",
	"New Delhi": "Asia/Kolkata", "Kathmandu": "Asia/Kathmandu", "Astana": "Asia/Almaty", "Almaty": "Asia/Almaty",
	"Dhaka": "Asia/Dhaka", "Sri Jayawardenepura": "Asia/Colombo", "Novosibirsk": "Asia/Novosibirsk",
	"Rangoon": "Asia/Yangon", "Bangkok": "Asia/Bangkok", "Hanoi": "Asia/Bangkok", "Jakarta": "Asia/Jakarta",
	"Krasnoyarsk": "Asia/Krasnoyarsk", "Beijing": "Asia/Shanghai", "Chongqing": "Asia/Shanghai",
	"Hong Kong": "Asia/Hong_Kong", "Urumqi": "Asia/Urumqi", "Kuala Lumpur": "Asia/Kuala_Lumpur",
	"Taipei": "Asia/Taipei", "Perth": "Australia/Perth", "Irkutsk": "Asia/Irkutsk",
	"Ulaanbaatar": "Asia/Ulaanbaatar", "Seoul": "Asia/Seoul", "Osaka": "Asia/Tokyo", "Sapporo": "Asia/Tokyo",
	"Tokyo": "Asia/Tokyo", "Yakutsk": "Asia/Yakutsk",

	"Darwin": "Australia/Darwin", "Adelaide": "Australia/Adelaide", "Canberra": "Australia/Sydney",
	"Melbourne": "Australia/Melbourne", "Sydney": "Australia/Sydney", "Brisbane": "Australia/Brisbane",
	"Hobart": "Australia/Hobart", "Vladivostok": "Asia/Vladivostok", "Guam": "Pacific/Guam",
	"Port Moresby": "Pacific/Port_Moresby", "Magadan": "Asia/Magadan", "Srednekolymsk": "Asia/Srednekolymsk",
	"Solomon Is.": "Pacific/Guadalcanal", "New Caledonia": "Pacific/Noumea", "Fiji": "Pacific/Fiji",
	"Kamchatka": "Asia/Kamchatka", "Marshall Is.": "Pacific/Majuro", "Auckland": "Pacific/Auckland",
	"Wellington": "Pacific/Auckland", "Nuku'alofa": "Pacific/Tongatapu", "Tokelau Is.": "Pacific/Fakaofo",
	"Chatham Is.": "Pacific/Chatham", "Samoa": "Pacific/Apia",
}
