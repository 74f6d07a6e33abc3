package report

import (
	"fmt"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/insider"
	"github.com/paytriage/paytriage/report/console"
)

// An InsiderSummary says what entered accounts were asked to have in common, and
// what stands out.
type InsiderSummary struct {
	Entered int64 `json:"entered"`
	// Before is the time before which it is told what accounts share, Late how
	// many of the entered accounts were entered before it and are left out.
	Before string `json:"shared_before"`
	Late   int64  `json:"entered_before_it"`
	// Level is how often chance alone may make anything stand out.
	Level    int64          `json:"level_per_thousand"`
	Kinds    []InsiderKind  `json:"kinds"`
	StandOut []InsiderGroup `json:"stands_out"`
}

// An InsiderKind is a kind of thing that accounts may share.
type InsiderKind struct {
	Kind     string `json:"kind"`
	Meaning  string `json:"meaning"`
	Of       int64  `json:"victims_of"`
	OthersOf int64  `json:"others_of"`
	Tried    int64  `json:"groups"`
	StandOut int64  `json:"groups_that_stand_out"`
	// Because says why the logs cannot tell, "" where they can.
	Because string `json:"not_computable_because,omitempty"`
}

// An InsiderGroup is a row of the table insider that stands out.
type InsiderGroup struct {
	Kind     string `json:"kind"`
	Value    string `json:"value"`
	Store    string `json:"store_id,omitempty"`
	Victims  int64  `json:"victims"`
	Of       int64  `json:"victims_of"`
	Others   int64  `json:"others"`
	OthersOf int64  `json:"others_of"`
	Lift     int64  `json:"lift_thousandths"`
	Low      int64  `json:"low_thousandths"`
	High     int64  `json:"high_thousandths"`
	PPB      int64  `json:"p_ppb"`
}

// insiders draws up the insider view.
func (s *Summary) insiders(in *forensics.Insiders) {
	if !in.Asked {
		return
	}
	s.Insider = &InsiderSummary{Entered: in.Entered, Before: stamp(in.Cut), Late: in.Late, Level: in.Level, StandOut: []InsiderGroup{}}
	for i := range in.Kinds {
		k := &in.Kinds[i]
		s.Insider.Kinds = append(s.Insider.Kinds, InsiderKind{k.Kind.String(), k.Kind.Doc(), k.Of, k.OthersOf, k.Tried, k.Stand, k.Because})
	}
	for i := range in.List {
		if g := &in.List[i]; g.StandOut {
			s.Insider.StandOut = append(s.Insider.StandOut, InsiderGroup{g.Kind.String(), g.Value, g.Store,
				g.Victims, g.Of, g.Others, g.OthersOf, g.Lift, g.Low, g.High, g.Chance})
		}
	}
}

// insiderRows is how many groups the summary tells of.
const insiderRows = 5

// insiderPairs tells what stands out, in sentences; nothing where nothing does.
func (v *voice) insiderPairs(s *Summary) []console.Pair {
	if s.Insider == nil || len(s.Insider.StandOut) == 0 {
		return nil
	}
	var pairs []console.Pair
	add := func(key, value string) { pairs = append(pairs, console.Pair{Key: key, Value: value}) }
	for i := range s.Insider.StandOut[:min(len(s.Insider.StandOut), insiderRows)] {
		g := &s.Insider.StandOut[i]
		add(v.insider(g), v.T("%s; %s times as many as by chance (%s to %s), which happens in %s of logs without an insider", v.insiderCounts(g),
			v.times(g.Lift), v.times(g.Low), v.times(g.High), v.rarity(g.PPB)))
	}
	if more := len(s.Insider.StandOut) - insiderRows; more > 0 {
		add("", v.T("%d more (insider)", more))
	}
	add(v.T("which means"), v.T("a question to ask, no proof: people of one town or one shift share much; that nothing else stands out excludes nobody"))
	return pairs
}

// idWidth is how much of an id a sentence has room for.
const idWidth = 40

// insider names a group.
func (v *voice) insider(g *InsiderGroup) string {
	value := console.Truncate(console.Clean(g.Value), idWidth)
	switch g.Kind {
	case insider.Operator.String():
		return v.T("operator %s", value)
	case insider.Register.String():
		return v.T("register %s", value)
	case insider.Shop.String():
		return v.T("shop %s", value)
	case insider.Instrument.String():
		return v.T("paying by %s", value)
	case insider.Opened.String():
		return v.T("opened in the week of %s", value)
	case insider.Carded.String():
		return v.T("card registered in the week of %s", value)
	}
	return v.T("password reset in the week of %s", value)
}

func (v *voice) insiderCounts(g *InsiderGroup) string {
	if g.Store != "" {
		return v.T("took %d of %d passings of stolen money that can be compared in shop %s, and %d of %d payments of others near the time",
			g.Victims, g.Of, console.Truncate(console.Clean(g.Store), idWidth), g.Others, g.OthersOf)
	}
	return v.T("%d of %d entered accounts, before they were entered, and %d of %d others", g.Victims, g.Of, g.Others, g.OthersOf)
}

// times writes thousandths with one digit, cut off.
func (v *voice) times(milli int64) string {
	return fmt.Sprintf("%s.%d", v.Int(milli/1000), milli%1000/100)
}

// rarity writes parts per billion for people.
func (v *voice) rarity(ppb int64) string {
	if ppb <= 1 {
		return v.T("less than one in a billion")
	}
	return v.T("one in %d", insider.One/ppb)
}
