package jsonl

// The walk goes through a record once and keeps the values on the way.

// value takes the value at i, around which depth levels are open, for n. It
// returns the index behind it.
func (s *Splitter) value(data []byte, i int, n *node, depth int) int {
	if i = blanks(data, i); i >= len(data) {
		return short
	}
	lo := i
	switch data[i] {
	case '"':
		return s.str(data, i+1, n)
	case '{':
		if n.members == nil {
			i = skip(data, i, depth)
		} else {
			i = s.object(data, i, n, depth)
		}
	case '[':
		if !n.picks() {
			i = skip(data, i, depth)
		} else {
			i = s.array(data, i, n, depth)
		}
	case 'n':
		return literal(data, i, "null")
	default:
		i = scalar(data, i)
	}
	if i < 0 {
		return i
	}
	for _, slot := range n.slots {
		s.values[slot] = value{text: data[lo:i:i]}
	}
	return i
}

// str takes the string whose text begins at i.
func (s *Splitter) str(data []byte, i int, n *node) int {
	end, escaped := quoted(data, i)
	if end < 0 {
		return end
	}
	for _, slot := range n.slots {
		s.values[slot] = value{data[i:end:end], escaped}
	}
	if n.text != nil {
		text := data[i:end:end]
		if escaped {
			text = s.unescape(text)
		}
		s.document(text, n.text)
	}
	return end + 1
}

// document takes a text for n and, if it is a JSON document, what is in it.
func (s *Splitter) document(text []byte, n *node) {
	if n.inner() || n.text != nil {
		if end := s.value(text, 0, n, 0); end < 0 || blanks(text, end) < len(text) {
			s.forget(n)
		}
	}
	for _, slot := range n.slots {
		s.values[slot] = value{text: text}
	}
}

// forget takes back the values of n and of all within it.
func (s *Splitter) forget(n *node) {
	for _, slot := range n.slots {
		s.values[slot] = value{}
	}
	for _, m := range n.members {
		s.forget(m)
	}
	for _, x := range n.indexes {
		s.forget(x.node)
	}
	for _, g := range n.groups {
		for _, m := range g.named {
			s.forget(m)
		}
	}
	if n.text != nil {
		s.forget(n.text)
	}
	if n.each != nil {
		s.rows, s.count = nil, 0
	}
}

// object takes the object at i.
func (s *Splitter) object(data []byte, i int, n *node, depth int) int {
	if depth++; depth > maxDepth {
		return deep
	}
	s.visits++
	visit := s.visits
	if i = blanks(data, i+1); i < len(data) && data[i] == '}' {
		return i + 1
	}
	for last := start; ; {
		g := n.guesses[last].next
		if g > spare && hasKey(data, i, n.guesses[g].key) {
			i += len(n.guesses[g].key)
		} else {
			if g, i = s.miss(data, i, n); i < 0 {
				return i
			}
			n.guesses[last].next = g
		}
		last = g
		child := n.guesses[g].node
		if child == nil || child.seen == visit {
			i = skip(data, i, depth)
		} else {
			child.seen = visit
			i = s.value(data, i, child, depth)
		}
		if i < 0 {
			return i
		}
		if i < len(data) && data[i] != ',' {
			i = blanks(data, i)
		}
		if i >= len(data) {
			return short
		}
		switch data[i] {
		case '}':
			return i + 1
		case ',':
		default:
			return bad
		}
		if i++; i < len(data) && data[i] != '"' {
			i = blanks(data, i)
		}
	}
}

// hasKey reports whether a key stands at i.
func hasKey(data []byte, i int, key string) bool {
	return len(data)-i >= len(key) && string(data[i:i+len(key)]) == key
}

// miss takes the key at i, which was not guessed. It returns its guess and
// where the value begins.
func (s *Splitter) miss(data []byte, i int, n *node) (g, next int) {
	if i >= len(data) {
		return 0, short
	}
	if data[i] != '"' {
		return 0, bad
	}
	end, escaped := quoted(data, i+1)
	if end < 0 {
		return 0, end
	}
	if next = colon(data, end+1); next < 0 {
		return 0, next
	}
	if g = n.known[string(data[i:next])]; g != 0 {
		return g, next
	}
	name := data[i+1 : end]
	if escaped {
		name = s.unescape(name)
	}
	return n.learn(data[i:next], n.members[string(name)]), next
}

// array takes the array at i.
func (s *Splitter) array(data []byte, i int, n *node, depth int) int {
	if depth++; depth > maxDepth {
		return deep
	}
	s.visits++
	visit, lo, count := s.visits, i, 0
	i = blanks(data, i+1)
	if i < len(data) && data[i] == ']' {
		i++
	} else {
		for more := true; more; count++ {
			end := skip(data, i, depth)
			if end < 0 {
				return end
			}
			s.element(data[:end], blanks(data, i), count, n, visit, depth)
			if i = blanks(data, end); i >= len(data) {
				return short
			}
			if more = data[i] == ','; !more && data[i] != ']' {
				return bad
			}
			i++
		}
	}
	if n.each != nil {
		s.rows, s.count = data[lo+1:i-1], count
	}
	return i
}

// element takes an element, which ends data, for all that want it.
func (s *Splitter) element(data []byte, i, index int, n *node, visit uint64, depth int) {
	for _, x := range n.indexes {
		if x.index == index {
			s.value(data, i, x.node, depth)
		}
	}
	if data[i] != '{' {
		return
	}
	for g := range n.groups {
		text, ok := s.member(data, i, n.groups[g].key)
		if !ok {
			continue
		}
		if m := n.groups[g].named[string(text)]; m != nil && m.seen != visit {
			m.seen = visit
			s.value(data, i, m, depth)
		}
	}
}

// member returns the text of the first member of a key in the object at i,
// which is known to be valid, and whether it is a string.
func (s *Splitter) member(data []byte, i int, name string) ([]byte, bool) {
	for i = blanks(data, i+1); data[i] == '"'; i = blanks(data, i+1) {
		end, escaped := quoted(data, i+1)
		found := s.isName(data[i+1:end], escaped, name)
		i = blanks(data, blanks(data, end+1)+1)
		if found {
			if data[i] != '"' {
				return nil, false
			}
			end, escaped := quoted(data, i+1)
			if escaped {
				return s.unescape(data[i+1 : end]), true
			}
			return data[i+1 : end], true
		}
		if i = blanks(data, skip(data, i, 0)); data[i] == '}' {
			break
		}
	}
	return nil, false
}

// isName reports whether a string, given without its quotes, is name.
func (s *Splitter) isName(text []byte, escaped bool, name string) bool {
	if !escaped {
		return string(text) == name
	}
	from := len(s.text)
	s.text = unescape(s.text, text)
	same := string(s.text[from:]) == name
	s.text = s.text[:from]
	return same
}

// unescape returns the text of a string, which is valid until the next record.
func (s *Splitter) unescape(b []byte) []byte {
	from := len(s.text)
	s.text = unescape(s.text, b)
	return s.text[from:len(s.text):len(s.text)]
}
