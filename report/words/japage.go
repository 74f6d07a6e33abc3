package words

// jaPage are the texts of the page.
var jaPage = map[string]string{
	"victims": "被害者",
}
