package words

// jaData are texts that a case brings along: what ways in and figures mean, which
// questions have no answer, and why.
var jaData = map[string]string{}
