package parquet

import "fmt"

// A logical is what a column's values mean, as the schema says it.
type logical struct {
	id               int // 0 if nothing is said
	scale, precision int
	utc              bool
	digits           int // of a fraction of a second: 3, 6 or 9
	bits             int
	signed           bool
}

// The logical types, as the format numbers them.
const (
	isString    = 1
	isMap       = 2
	isList      = 3
	isEnum      = 4
	isDecimal   = 5
	isDate      = 6
	isTime      = 7
	isTimestamp = 8
	isInterval  = 9 // reserved there
	isInteger   = 10
	isNull      = 11
	isJSON      = 12
	isBSON      = 13
	isUUID      = 14
	isFloat16   = 15
)

var logicalNames = map[int]string{isString: "STRING", isMap: "MAP", isList: "LIST", isEnum: "ENUM", isDate: "DATE",
	isInterval: "INTERVAL", isNull: "UNKNOWN", isJSON: "JSON", isBSON: "BSON", isUUID: "UUID", isFloat16: "FLOAT16",
	16: "VARIANT", 17: "GEOMETRY", 18: "GEOGRAPHY"}

// logical reads the union of logical types: a struct with one field.
func (t *thrift) logical(kind byte) (l logical) {
	t.within(kind, func(id int, kind byte) {
		l.id = id
		switch id {
		case isDecimal:
			t.within(kind, func(id int, kind byte) {
				switch id {
				case 1:
					l.scale = int(t.number(kind))
				case 2:
					l.precision = int(t.number(kind))
				default:
					t.skip(kind)
				}
			})
		case isTime, isTimestamp:
			t.clock(kind, &l)
		case isInteger:
			t.within(kind, func(id int, kind byte) {
				switch id {
				case 1:
					l.bits = int(t.number(kind))
				case 2:
					l.signed = t.flag(kind)
				default:
					t.skip(kind)
				}
			})
		default:
			t.skip(kind)
		}
	})
	return l
}

// clock reads what times and timestamps have in common.
func (t *thrift) clock(kind byte, l *logical) {
	t.within(kind, func(id int, kind byte) {
		switch id {
		case 1:
			l.utc = t.flag(kind)
		case 2:
			t.within(kind, func(id int, kind byte) {
				if id >= 1 && id <= 3 {
					l.digits = 3 * id
				}
				t.skip(kind)
			})
		default:
			t.skip(kind)
		}
	})
}

// fromConverted returns what the older way of saying it means. Its times are in
// UTC by definition.
func (e *element) fromConverted() logical {
	switch c := e.converted; c {
	case 0:
		return logical{id: isString}
	case 4:
		return logical{id: isEnum}
	case 5:
		return logical{id: isDecimal, scale: e.scale, precision: e.precision}
	case 6:
		return logical{id: isDate}
	case 7, 8:
		return logical{id: isTime, utc: true, digits: 3 * (c - 6)}
	case 9, 10:
		return logical{id: isTimestamp, utc: true, digits: 3 * (c - 8)}
	case 11, 12, 13, 14:
		return logical{id: isInteger, bits: 8 << (c - 11)}
	case 15, 16, 17, 18:
		return logical{id: isInteger, bits: 8 << (c - 15), signed: true}
	case 19:
		return logical{id: isJSON}
	case 20:
		return logical{id: isBSON}
	case 21:
		return logical{id: isInterval}
	}
	return logical{}
}

// form says how values of a leaf are written, what the logical type is called,
// and what is wrong with it, if anything: a decimal of a type that holds none
// is not written as if nothing had been said.
func (l logical) form(e *element) (f form, name, problem string) {
	name = l.name()
	fits := false
	switch l.id {
	case isString, isEnum, isJSON, isBSON:
		f, fits = form{kind: asText}, e.typ == typeBytes || e.typ == typeFixed
	case isDecimal:
		f, fits = l.decimal(e)
	case isDate:
		f, fits = form{kind: asDate}, e.typ == typeInt32
	case isTime:
		f = form{kind: asTime, digits: l.digits, utc: l.utc}
		fits = l.digits == 3 && e.typ == typeInt32 || l.digits > 3 && e.typ == typeInt64
	case isTimestamp:
		f = form{kind: asTimestamp, digits: l.digits, utc: l.utc}
		fits = l.digits > 0 && e.typ == typeInt64
	case isInteger:
		f, fits = l.integer(e)
	case isUUID:
		f, fits = form{kind: asUUID}, e.typ == typeFixed && e.length == 16
	case isFloat16:
		f, fits = form{kind: asHalf}, e.typ == typeFixed && e.length == 2
	case isInterval:
		f, fits = form{kind: asInterval}, e.typ == typeFixed && e.length == 12
	default:
		return form{kind: plainForms[e.typ], digits: plainDigits[e.typ]}, name, ""
	}
	if !fits {
		return form{}, name, "its type " + typeNames[e.typ] + " cannot hold " + name
	}
	return f, name, ""
}

// plainForms says how the values of a physical type are written if that is all
// that is known of them.
var plainForms = [numTypes]formKind{asBool, asInt, asInt, asInt96, asFloat, asDouble, asText, asHex}

var plainDigits = [numTypes]int{typeInt96: 9}

func (l logical) integer(e *element) (form, bool) {
	fits := e.typ == typeInt32 && l.bits <= 32 || e.typ == typeInt64 && l.bits == 64
	switch {
	case l.signed || l.bits < 32:
		return form{kind: asInt}, fits
	case l.bits == 32:
		return form{kind: asUint32}, fits
	}
	return form{kind: asUint64}, fits
}

func (l logical) decimal(e *element) (form, bool) {
	sound := l.precision >= 1 && l.precision <= maxDecimals && l.scale >= 0 && l.scale <= l.precision
	f := form{kind: asDecimal, digits: l.scale}
	switch e.typ {
	case typeInt32, typeInt64:
		return f, sound
	case typeBytes, typeFixed:
		f.kind = asBigDecimal
		return f, sound
	}
	return f, false
}

func (l logical) name() string {
	zone := ""
	if l.utc {
		zone = ",UTC"
	}
	unit := map[int]string{3: "MILLIS", 6: "MICROS", 9: "NANOS"}[l.digits]
	switch l.id {
	case 0:
		return ""
	case isDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", l.precision, l.scale)
	case isTime:
		return "TIME(" + unit + zone + ")"
	case isTimestamp:
		return "TIMESTAMP(" + unit + zone + ")"
	case isInteger:
		if l.signed {
			return fmt.Sprintf("INT(%d)", l.bits)
		}
		return fmt.Sprintf("UINT(%d)", l.bits)
	}
	if name, ok := logicalNames[l.id]; ok {
		return name
	}
	return fmt.Sprintf("LOGICAL(%d)", l.id)
}
