package report

import (
	"fmt"
	"slices"

	"github.com/paytriage/paytriage/report/signature"
)

// VerifyChain follows the cases before one as far as their folders are given, in
// any order, and holds each against its manifest, against itself and against the
// hash by which it is named. What no folder was given for is not checked.
func VerifyChain(m *Manifest, folders []string, keys *signature.Keys) (Checks, error) {
	left := map[string][]string{} // folders by the hash of their manifest
	for _, dir := range folders {
		link, err := ManifestHash(dir)
		if err != nil {
			return nil, &OpenError{fmt.Errorf("%s: is no finished case", dir), "name the folders that analyze wrote"}
		}
		left[link] = append(left[link], dir)
	}
	var all Checks
	for m != nil && m.Previous != nil {
		named := m.Previous
		dirs := left[named.Manifest]
		if len(dirs) == 0 {
			all = append(all, Check{"previous case", NotChecked, fmt.Sprintf("the one of %.40q with the manifest %.64s; say where it is with --previous", named.Created, named.Manifest)})
			break
		}
		delete(left, named.Manifest)
		var err error
		for _, dir := range dirs {
			var checks Checks
			if checks, m, err = Verify(dir, keys); err != nil {
				return nil, err
			}
			all = append(all, checks.of(dir)...)
		}
	}
	var strangers []string
	for _, dirs := range left {
		strangers = append(strangers, dirs...)
	}
	slices.Sort(strangers)
	for _, dir := range strangers {
		all = append(all, Check{"previous case " + dir, Differs, "no case names it: it is another one, or was changed"})
	}
	return all, nil
}

// of returns the checks of a previous case as one, and beside it those that do
// not hold.
func (c Checks) of(dir string) Checks {
	what := "previous case " + dir
	out := Checks{{what, Holds, ""}}
	for _, check := range c {
		if check.State != Holds {
			check.What = what + ": " + check.What
			out = append(out, check)
		}
	}
	if out.Count(Differs) > 0 {
		return out[1:]
	}
	return out
}
