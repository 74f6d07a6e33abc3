package jsonl

import "strconv"

const (
	// maxKeys is how many paths Keys tells, maxElements of how many elements
	// of an array.
	maxKeys     = 4096
	maxElements = 4
)

// Keys calls visit with the paths of the values of a record that have none
// within them, and with what a Splitter returns for each: strings, numbers,
// literals, and objects and arrays that are empty. Of an array it goes through
// the first 4 elements, and it stops after 4,096 paths. What no path leads to
// is left out: a member whose key is empty or was there before, and what lies
// too deep. A record that is not valid has no paths.
func Keys(record []byte, visit func(path string, value []byte)) {
	i := gap(record, 0)
	if i >= len(record) || record[i] != '{' {
		return
	}
	if end := skip(record, i, 0); end < 0 || blanks(record, end) < len(record) {
		return
	}
	k := keys{visit: visit}
	k.object("", record[i:], 0)
}

type keys struct {
	visit func(path string, value []byte)
	n     int
}

// value tells of the value that text is.
func (k *keys) value(path string, text []byte, depth int) {
	if k.n >= maxKeys || len(path) > maxPath || depth > maxSteps {
		return
	}
	inside := blanks(text, min(1, len(text)))
	switch {
	case text[0] == '{' && text[inside] != '}':
		k.object(path, text, depth)
		return
	case text[0] == '[' && text[inside] != ']':
		k.array(path, text, depth)
		return
	}
	switch text[0] {
	case '"':
		text = unescape(make([]byte, 0, len(text)), text[1:len(text)-1])
	case 'n':
		text = nil
	}
	k.n++
	k.visit(path, text)
}

func (k *keys) object(path string, text []byte, depth int) {
	seen := map[string]bool{}
	visitMembers(text, func(name string, value []byte) {
		if name == "" || seen[name] || k.n >= maxKeys {
			return
		}
		seen[name] = true
		inner := escapeName(name)
		if path != "" {
			inner = path + "." + inner
		}
		k.value(inner, value, depth+1)
	})
}

func (k *keys) array(path string, text []byte, depth int) {
	for i, n := 1, 0; n < maxElements; n++ {
		i = blanks(text, i)
		end := skip(text, i, 0)
		if end < 0 {
			return
		}
		k.value(path+"["+strconv.Itoa(n)+"]", text[i:end], depth+1)
		if i = blanks(text, end); text[i] != ',' {
			return
		}
		i++
	}
}
