package webhookreceiver

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// refusing are the packages whose errors are reasons for which requests are refused. With each stand its
// functions, and variables, whose errors are none: they are about configs, commands and the
// admin API, or they stand behind a reason, as its cause.
var refusing = map[string]string{
	".": "addConfigured answerJSON answerRefused checkAccount checkAttributeName checkBlank checkDedupe checkDeliverable checkDeliveries checkLiterals " +
		"checkMaxBodySize checkName checkOutputName checkRules checkSecret checkUse checkerFor learning learntIn playConfigured provisionDeliveries provisionOutputs " +
		"readConfig readKeys receiveSample receiversIn resolveSecrets row sendSample storageIn unmarshalOutput unmarshalRules",
	"internal/dedupe":   "",
	"internal/event":    "errNotAsStored errXML",
	"internal/intake":   "errLength",
	"internal/jsonscan": "",
	"internal/keys":     "CheckAccount CheckSecret Fetch ReadFile certificate credentials do ebayToken errLater errRevoked fetchWith split",
	"internal/learn":    "Forget Keep each errNoCandidate errTooMany",
	"internal/rules": "CheckAlgorithm CheckHeaders Join NewOpener ParsePublicURL SetSecrets SignWith Validate check checkClaimTexts checkContent checkCover checkFrom " +
		"checkJoined checkSigned checkSources checkUnused checkURL decodeKey newPublicKey parseClaims parseJWK parseParts parsePlaceholder parsePublicKey parseQuery",
}

// causes are errors that stand behind a reason, or are of offline checks only.
var causes = []string{
	"the key is not known", // caddy webhook verify
	"panic: …",             // output …: …
}

// TestRefusalsAreDocumented looks for each reason for which a request is refused in
// docs/troubleshooting.md, and the other way round.
func TestRefusalsAreDocumented(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "docs/troubleshooting.md"), "\n## Events are refused\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(.+?)` \\| ([0-9, ]+) \\| (.+) \\|$").FindAllStringSubmatch(section, -1) {
		if slices.Contains(documented, row[1]) {
			t.Errorf("%q is there twice", row[1])
		}
		documented = append(documented, row[1])
	}
	var reasons []string
	for dir, none := range refusing {
		isNone := strings.Fields(none)
		for _, file := range source(t, dir) {
			for _, decl := range file.Decls {
				function, isFunction := decl.(*ast.FuncDecl)
				if isFunction && slices.Contains(isNone, function.Name.Name) {
					continue
				}
				ast.Inspect(decl, func(n ast.Node) bool {
					if value, ok := n.(*ast.ValueSpec); ok && slices.Contains(isNone, value.Names[0].Name) {
						return false
					}
					if reason, ok := reasonIn(n); ok && !slices.Contains(causes, reason) {
						reasons = append(reasons, reason)
					}
					return true
				})
			}
		}
	}
	if len(reasons) < 60 {
		t.Errorf("only %d reasons", len(reasons))
	}
	for _, reason := range reasons {
		if !slices.Contains(documented, reason) {
			t.Errorf("docs/troubleshooting.md does not have %q", reason)
		}
	}
	for _, reason := range documented {
		if !slices.Contains(reasons, reason) {
			t.Errorf("docs/troubleshooting.md has %q, for which nothing is refused", reason)
		}
	}
}

var verb = regexp.MustCompile(`%[a-z]`)

// reasonIn returns the text of an error that is made, or of what is refused with a text.
func reasonIn(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", false
	}
	made, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"New", "Errorf", "refuse"}, made.Sel.Name) {
		return "", false
	}
	text, ok := call.Args[0].(*ast.BasicLit)
	if !ok || text.Kind != token.STRING {
		return "", false
	}
	reason, err := strconv.Unquote(text.Value)
	return verb.ReplaceAllString(reason, "…"), err == nil
}
