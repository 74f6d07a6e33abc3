package jsonl

import (
	"bytes"
	"slices"
	"strings"
)

// A Kind is how a file holds its records.
type Kind uint8

// The kinds. All but the first can be read with a Cutter.
const (
	KindNone    Kind = iota // not JSON
	KindLines               // an object on every line
	KindArray               // objects in an array
	KindWrapped             // objects in an array within an object
	KindObjects             // objects, some of them on several lines
)

// sampled is how many values of a file are looked at.
const sampled = 20

// Wrapper tells how a file that begins with head holds its records, and for
// KindWrapped the key of the array, as NewCutter takes it. The head may end
// within a value.
//
// A file is wrapped if its first object is little more than an array of
// objects: of one object a name that exporting tools give to such an array and
// few other members are enough; where further objects follow, all must have
// that array, and beside it only what tells about a page of results. Everything
// else is records with an array among their members.
func Wrapper(head []byte) (key string, kind Kind) {
	i := gap(head, 0)
	switch {
	case i >= len(head):
		return "", KindNone
	case head[i] == '[':
		return "", arrayKind(head, i)
	case head[i] != '{':
		return "", KindNone
	}
	s := look(head, i)
	if len(s.values) == 0 || s.others > len(s.values) {
		return "", KindNone
	}
	if key, ok := s.wrapper(); ok {
		return key, KindWrapped
	}
	if s.several {
		return "", KindObjects
	}
	return "", KindLines
}

// arrayKind tells whether the bracket at i opens an array of objects.
func arrayKind(head []byte, i int) Kind {
	if i = blanks(head, i+1); i >= len(head) {
		return KindNone
	}
	if head[i] == ']' && gap(head, i+1) >= len(head) {
		return KindArray // an empty one
	}
	if head[i] != '{' {
		return KindNone
	}
	if s := look(head, i); len(s.values) == 0 || s.others > len(s.values) {
		return KindNone
	}
	return KindArray
}

// A sample is the first objects of a file.
type sample struct {
	values  []object
	others  int  // lines that are none
	several bool // not every object is alone on a line
}

// An object is one of them, as far as it is in the head.
type object struct {
	text  []byte
	whole bool
}

// look takes a sample of the objects from i on. Commas may stand between them.
func look(head []byte, i int) (s sample) {
	for i = gap(head, i); i < len(head) && len(s.values) < sampled; i = gap(head, i) {
		if head[i] == ',' || head[i] == ']' {
			i++
			continue
		}
		end := bad
		if head[i] == '{' {
			end = skip(head, i, 0)
		}
		switch {
		case end >= 0:
			s.add(object{head[i:end], true}, sameLine(head, end))
			i = end
			continue
		case end == short:
			s.add(object{bytes.TrimRight(head[i:], "\r\n"), false}, false)
			return s
		}
		s.others++
		n := bytes.IndexByte(head[i:], '\n')
		if n < 0 {
			break
		}
		i += n
	}
	return s
}

func (s *sample) add(o object, beside bool) {
	s.values = append(s.values, o)
	s.several = s.several || beside || bytes.IndexByte(o.text, '\n') >= 0
}

// sameLine reports whether another object, or the comma before one, follows on
// the line.
func sameLine(head []byte, i int) bool {
	for i < len(head) && isBlank(head[i]) && head[i] != '\n' {
		i++
	}
	return i < len(head) && (head[i] == '{' || head[i] == ',')
}

// wrapper returns the key of the array that the objects of a sample wrap.
func (s *sample) wrapper() (key string, ok bool) {
	first := s.values[0].list("")
	if len(s.values) == 1 {
		return first.key, first.array && first.alone()
	}
	for _, v := range s.values {
		if !v.whole {
			break // it may have the array further on
		}
		if l := v.list(first.key); !l.array || !l.usual || l.others > 0 {
			return "", false
		}
	}
	return first.key, first.key != ""
}

// A list is the array of an object that may hold records.
type list struct {
	key     string // as NewCutter takes it
	array   bool   // whether it is there
	usual   bool   // whether exporting tools call it so
	others  int    // members that do not tell about a page of results
	members int    // of the first element
	share   int    // of the text of the object, in percent
}

// alone reports whether an object is there for the sake of its list.
func (l *list) alone() bool {
	if l.members == 0 {
		return l.others == 0
	}
	if l.usual {
		return l.others <= 1 || l.others < l.members || l.share >= 90
	}
	return l.others == 0 || l.others < l.members && l.share >= 80
}

// usual are the names that exporting tools give to the array of records, the
// most telling first.
var usual = []string{"Records", "value", "items", "data", "events", "logs", "entries", "results", "hits.hits"}

// list finds the array of an object, or the one of the given key.
func (o object) list(key string) (best list) {
	rank := len(usual) + 1
	others := 0
	visitMembers(o.text, func(name string, value []byte) {
		at, text := escapeName(name), value
		if name == "hits" && value[0] == '{' {
			visitMembers(value, func(inner string, value []byte) {
				if inner == "hits" {
					at, text = "hits.hits", value
				}
			})
		}
		r := slices.Index(usual, at)
		if r < 0 {
			r = len(usual)
		}
		members, is := records(text)
		if members == 0 && (r == len(usual) || key == "" && text[0] != '[') {
			is = false // an empty array of any name is nothing, nor is null alone
		}
		if !is || name == "" || r >= rank || key != "" && at != key {
			others += weight(name)
			return
		}
		if best.array {
			others++ // the array that was best before
		}
		rank = r
		best = list{key: at, array: true, usual: r < len(usual), members: members, share: len(text) * 100 / len(o.text)}
	})
	best.others = others
	return best
}

// records reports whether a value, as far as it is there, is an array of
// objects, and how many members the first of them has. An array may be empty,
// or null.
func records(value []byte) (members int, ok bool) {
	if string(value) == "null" {
		return 0, true
	}
	if value[0] != '[' {
		return 0, false
	}
	i := blanks(value, 1)
	if i >= len(value) || value[i] == ']' {
		return 0, true
	}
	if value[i] != '{' {
		return 0, false
	}
	visitMembers(value[i:], func(string, []byte) { members++ })
	return max(members, 1), true
}

// paging are the names of members that tell about a page of results rather than
// about an event, in small letters and without punctuation.
var paging = []string{"kind", "etag", "count", "total", "totalcount", "totalsize", "resultcount", "limit", "offset", "start",
	"length", "size", "took", "timedout", "shards", "done", "success", "more", "hasmore", "meta", "metadata", "links", "hits", "object", "url"}

// weight returns 0 for a member that tells about a page of results, 1 for any
// other.
func weight(name string) int {
	name = strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune("_-.@ ", r) {
			return -1
		}
		return r
	}, name))
	if strings.HasPrefix(name, "next") || strings.HasPrefix(name, "prev") || strings.Contains(name, "odata") ||
		strings.Contains(name, "paging") || strings.Contains(name, "cursor") || strings.Contains(name, "continuation") ||
		slices.Contains(paging, name) {
		return 0
	}
	return 1
}

// visitMembers calls visit with the members of the object that text begins
// with, as far as they are there.
func visitMembers(text []byte, visit func(name string, value []byte)) {
	for i := blanks(text, 1); i < len(text) && text[i] == '"'; i = blanks(text, i+1) {
		end, escaped := quoted(text, i+1)
		if end < 0 {
			return
		}
		name := text[i+1 : end]
		if escaped {
			name = unescape(nil, name)
		}
		if i = colon(text, end+1); i < 0 {
			return
		}
		if i = blanks(text, i); i >= len(text) {
			return
		}
		end = skip(text, i, 0)
		if end == short {
			visit(string(name), text[i:])
		}
		if end < 0 {
			return
		}
		visit(string(name), text[i:end])
		if i = blanks(text, end); i >= len(text) || text[i] != ',' {
			return
		}
	}
}
