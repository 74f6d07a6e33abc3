package jsonl

// A node is a value that some path leads to or through. Nodes form a tree, so
// that what paths have in common is walked once. They belong to one Splitter.
type node struct {
	slots   []int32 // that the value is for
	members map[string]*node
	indexes []indexed
	groups  []group
	text    *node // the document that the value's text is
	each    *node // the element that is the row

	// seen is the visit of the object, or array, in which the node was found.
	seen uint64

	// guesses are the keys that objects here had; each knows which came next
	// the last time. known finds them.
	guesses []guess
	known   map[string]int
}

// A guess is a key as it is written, with the quotes and the colon.
type guess struct {
	key  string
	node *node // of the member, nil if nobody wants it
	next int   // 0 if nothing is known
}

const (
	start = 0 // the guess before the first key
	spare = 1 // the guess for keys that are not remembered

	// Guesses are bounded, for keys come from the input.
	maxGuesses  = 512
	maxGuessKey = 256
)

func newNode() *node { return &node{guesses: make([]guess, 2)} }

// indexed is an element that is found by its index.
type indexed struct {
	index int
	node  *node
}

// A group is elements that are found by the text of one of their members.
type group struct {
	key   string
	named map[string]*node // by the text
}

// inner reports whether paths lead through n to values within it.
func (n *node) inner() bool { return n.members != nil || n.picks() }

// picks reports whether paths lead to elements of n.
func (n *node) picks() bool { return n.indexes != nil || n.groups != nil || n.each != nil }

// add returns the node that a path leads to from n.
func (n *node) add(p path) *node {
	for _, s := range p {
		n = n.child(s)
	}
	return n
}

// child returns the node that a step leads to, which it makes if need be.
func (n *node) child(s step) *node {
	switch s.kind {
	case toText:
		return made(&n.text)
	case toEach:
		return made(&n.each)
	case toIndex:
		for _, x := range n.indexes {
			if x.index == s.index {
				return x.node
			}
		}
		n.indexes = append(n.indexes, indexed{s.index, newNode()})
		return n.indexes[len(n.indexes)-1].node
	case toNamed:
		return entry(&n.group(s.key).named, s.text)
	}
	return entry(&n.members, s.key)
}

// group returns the elements of n that are found by a key.
func (n *node) group(key string) *group {
	for i := range n.groups {
		if n.groups[i].key == key {
			return &n.groups[i]
		}
	}
	n.groups = append(n.groups, group{key: key})
	return &n.groups[len(n.groups)-1]
}

func made(at **node) *node {
	if *at == nil {
		*at = newNode()
	}
	return *at
}

func entry(m *map[string]*node, key string) *node {
	if *m == nil {
		*m = map[string]*node{}
	}
	if (*m)[key] == nil {
		(*m)[key] = newNode()
	}
	return (*m)[key]
}

// learn makes a guess of a key as it is written.
func (n *node) learn(raw []byte, child *node) int {
	if len(raw) > maxGuessKey || len(n.guesses) >= maxGuesses {
		n.guesses[spare] = guess{node: child}
		return spare
	}
	if n.known == nil {
		n.known = map[string]int{}
	}
	g := int(len(n.guesses))
	n.guesses = append(n.guesses, guess{key: string(raw), node: child})
	n.known[n.guesses[g].key] = g
	return g
}
