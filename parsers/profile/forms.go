package profile

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Paths is one path or a list of them.
type Paths []string

// UnmarshalYAML reads a text as a list of one.
func (p *Paths) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*p = Paths{n.Value}
		return nil
	}
	var list []string
	err := n.Decode(&list)
	*p = list
	return err
}

// UnmarshalYAML reads a path, a rule, or a list of both.
func (r *Rules) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		rule, err := ruleOf(item)
		if err != nil {
			return err
		}
		*r = append(*r, rule)
	}
	return nil
}

func ruleOf(n *yaml.Node) (Rule, error) {
	var r Rule
	if n.Kind == yaml.ScalarNode {
		return Rule{From: Paths{n.Value}}, nil
	}
	if err := known(n, ruleKeys); err != nil {
		return r, err
	}
	return r, n.Decode(&r)
}

// ruleKeys are the keys of a rule. The decoder's own check for unknown keys does
// not reach below a method of ours.
var ruleKeys = []string{"from", "all", "join", "text", "when", "words", "prefixes", "other", "absent", "prefix", "suffix",
	"strip", "before", "as", "layout", "zone", "base", "step", "unit", "decimal", "minus"}

func known(n *yaml.Node, keys []string) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want a path or a rule", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if k := n.Content[i]; !slices.Contains(keys, k.Value) {
			return fmt.Errorf("line %d: unknown key %q", k.Line, k.Value)
		}
	}
	return nil
}

// A Cond is true if, of at least one of its lists, all tests are. The zero Cond
// is true.
type Cond [][]Test

// A Test asks something of the field at a path. AmountSign is asked of the
// amount of the row.
type Test struct {
	Path     string
	Is       []string // one of these words, whatever their case
	Prefixes []string // or begins so
	Contains []string // or contains it, whatever its case
	Present  bool     // or is there and not empty
	Nonzero  bool     // or has a digit other than 0
	Not      bool     // the opposite
}

// AmountSign is the path of the sign of the row's amount: negative, positive or
// zero.
const AmountSign = "@amount"

// UnmarshalYAML reads a mapping of paths to words, or a list of such.
func (c *Cond) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	for _, item := range items {
		if item.Kind != yaml.MappingNode || len(item.Content) == 0 {
			return fmt.Errorf("line %d: want paths with the words that they must have", item.Line)
		}
		var all []Test
		for i := 0; i < len(item.Content); i += 2 {
			t, err := testOf(item.Content[i].Value, item.Content[i+1])
			if err != nil {
				return fmt.Errorf("line %d: %w", item.Line, err)
			}
			all = append(all, t)
		}
		*c = append(*c, all)
	}
	return nil
}

func testOf(path string, n *yaml.Node) (Test, error) {
	t := Test{Path: path}
	if n.Kind != yaml.MappingNode {
		var words Paths
		err := n.Decode(&words)
		t.Is = words
		return t, err
	}
	var form struct {
		Is, Not, Prefix, Contains Paths
		Present, Nonzero          *bool
	}
	if err := known(n, []string{"is", "not", "prefix", "contains", "present", "nonzero"}); err != nil {
		return t, err
	}
	if err := n.Decode(&form); err != nil {
		return t, err
	}
	t.Is, t.Prefixes, t.Contains = form.Is, form.Prefix, form.Contains
	kinds := 0
	for _, given := range []bool{form.Is != nil, form.Prefix != nil, form.Contains != nil, form.Not != nil, form.Present != nil, form.Nonzero != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return t, errors.New("a test is one of is, not, prefix, contains, present, nonzero")
	case form.Not != nil:
		t.Is, t.Not = form.Not, true
	case form.Present != nil:
		t.Present, t.Not = true, !*form.Present
	case form.Nonzero != nil:
		t.Nonzero, t.Not = true, !*form.Nonzero
	}
	return t, nil
}
