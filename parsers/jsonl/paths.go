package jsonl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	// maxPath is how long a path may be, in bytes, and maxSteps in steps.
	maxPath  = 4096
	maxSteps = 64
	// maxTexts is how many JSON documents may lie within each other as text.
	maxTexts = 4
	// maxIndex is the last element of an array that can be asked for.
	maxIndex = 1 << 20
)

// Paths are compiled paths. They do not change any more, so that any number of
// Splitters can be made of them at once.
type Paths struct {
	texts []string
	paths []path
}

type path []step

// A step leads from a value to one within it.
type step struct {
	kind  stepKind
	key   string // of the member, or of the one by which an element is found
	text  string // of that one
	index int
}

type stepKind uint8

const (
	toMember stepKind = iota
	toIndex
	toNamed // the first element that has a member with a certain text
	toText  // the document in the text
	toEach  // the element that is the row
)

// Compile reads paths. The slot of a value is the index of its path.
func Compile(paths []string) (*Paths, error) {
	p := &Paths{}
	for _, text := range paths {
		steps, err := parsePath(text)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
		p.texts, p.paths = append(p.texts, text), append(p.paths, steps)
	}
	return p, nil
}

// parsePath reads one path.
func parsePath(text string) (path, error) {
	if len(text) > maxPath {
		return nil, fmt.Errorf("longer than %d bytes", maxPath)
	}
	var p path
	for rest := text; ; rest = rest[1:] {
		name, plain, after, err := cutName(rest, ".[")
		if err != nil {
			return nil, err
		}
		switch {
		case name == "":
			return nil, errors.New("a key is missing; between dots stand the names of members")
		case plain && name == textStep:
			p = append(p, step{kind: toText})
		default:
			p = append(p, step{kind: toMember, key: name})
		}
		for rest = after; strings.HasPrefix(rest, "["); {
			var s step
			if s, rest, err = cutElement(rest[1:]); err != nil {
				return nil, err
			}
			p = append(p, s)
		}
		if rest == "" {
			return p, p.check()
		}
		if rest[0] != '.' {
			return nil, errors.New("behind ] stands a dot, another [ or nothing")
		}
	}
}

// textStep is the step into the document that a text is.
const textStep = "@json"

// cutName takes a name off a path, up to the first character of stops that has
// no backslash. plain says that there is no backslash in it.
func cutName(text, stops string) (name string, plain bool, rest string, err error) {
	var b strings.Builder
	plain = true
	for i := 0; i < len(text); i++ {
		switch {
		case strings.IndexByte(stops, text[i]) >= 0:
			return b.String(), plain, text[i:], nil
		case text[i] != '\\':
		case i+1 == len(text):
			return "", false, "", errors.New("a backslash at the end; to mean a backslash, write two")
		default:
			plain = false
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), plain, "", nil
}

// cutElement takes what stands between brackets off a path, and the bracket
// behind it.
func cutElement(text string) (s step, rest string, err error) {
	const usage = "between brackets stands the number of an element, or Name=text, or nothing for rows; write \\[ for a bracket in a key"
	key, plain, rest, err := cutName(text, "=]")
	if err != nil {
		return step{}, "", err
	}
	switch {
	case rest == "":
		return step{}, "", errors.New("a bracket is not closed; " + usage)
	case rest[0] == '=' && key != "":
		s = step{kind: toNamed, key: key}
		if s.text, _, rest, err = cutName(rest[1:], "]"); err != nil {
			return step{}, "", err
		}
		if rest == "" {
			return step{}, "", errors.New("a bracket is not closed; " + usage)
		}
		return s, rest[1:], nil
	case rest[0] == ']' && key == "" && plain:
		return step{kind: toEach}, rest[1:], nil
	}
	n, err := strconv.Atoi(key)
	if rest[0] != ']' || err != nil || !plain || strconv.Itoa(n) != key || n < 0 {
		return step{}, "", errors.New(usage)
	}
	if n > maxIndex {
		return step{}, "", fmt.Errorf("element %s; the last that can be asked for is %d", key, maxIndex)
	}
	return step{kind: toIndex, index: n}, rest[1:], nil
}

// check looks at a path as a whole.
func (p path) check() error {
	texts, each := 0, 0
	for _, s := range p {
		switch s.kind {
		case toText:
			texts++
		case toEach:
			each++
		}
	}
	switch {
	case p[0].kind == toText:
		return errors.New("@json stands behind the key of a text; write \\@json for a key of that name")
	case len(p) > maxSteps:
		return fmt.Errorf("more than %d steps", maxSteps)
	case texts > maxTexts:
		return fmt.Errorf("more than %d times @json", maxTexts)
	case each > 1:
		return errors.New("[] twice; rows are the elements of one array")
	}
	return nil
}

// row returns the index of the step to the element that is the row, or -1.
func (p path) row() int {
	for i, s := range p {
		if s.kind == toEach {
			return i
		}
	}
	return -1
}

// escapeName returns a key as it is written in a path.
func escapeName(key string) string {
	if key == textStep {
		return `\` + key
	}
	return nameEscaper.Replace(key)
}

var nameEscaper = strings.NewReplacer(`\`, `\\`, `.`, `\.`, `[`, `\[`)
