package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// wrk is the load of that name, with one thread: https://github.com/wg/wrk
func wrk() (load, error) {
	program, err := exec.LookPath("wrk")
	if err != nil {
		return load{}, err
	}
	version, _ := exec.Command(program, "-v").CombinedOutput() // which says that it failed
	name, _, _ := strings.Cut(string(version), " [")
	return load{name: name, run: runWrk, whole: time.Second}, nil
}

func runWrk(dir, address string, connections int, p post, duration time.Duration) (result, error) {
	body := filepath.Join(dir, "post.body")
	if err := os.WriteFile(body, p.body, 0o600); err != nil {
		return result{}, err
	}
	script := filepath.Join(dir, "post.lua")
	if err := os.WriteFile(script, []byte(p.script(body)), 0o600); err != nil {
		return result{}, err
	}
	out, err := exec.Command("wrk", "-t1", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%d", duration/time.Second),
		"--timeout", "10", "--latency", "-s", script, "http://"+address+path).CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return parseWrk(string(out))
}

// script has wrk send the post. Without numbers wrk makes the request once.
func (p post) script(body string) string {
	lua := fmt.Sprintf("local file = io.open(%q, \"rb\")\nwrk.method, wrk.body = \"POST\", file:read(\"*a\")\nfile:close()\n", body)
	for _, field := range p.fields {
		name, value, _ := strings.Cut(field, ": ")
		lua += fmt.Sprintf("wrk.headers[%q] = %q\n", name, value)
	}
	if p.numbered {
		lua += fmt.Sprintf(`local head, tail
local n = 0
init = function()
	wrk.headers[%q] = "NUMBER"
	local request = wrk.format()
	local from, to = request:find("NUMBER\r\n", 1, true)
	head, tail = request:sub(1, from - 1) .. "%d-", request:sub(to - 1)
end
request = function()
	n = n + 1
	return head .. n .. tail
end
`, numberField, runs.Add(1))
	}
	return lua
}

var (
	wrkRate    = regexp.MustCompile(`(?m)^Requests/sec:\s+([\d.]+)$`)
	wrkAnswers = regexp.MustCompile(`(?m)^\s+(\d+) requests in `)
	wrkP50     = regexp.MustCompile(`(?m)^\s+50%\s+(\S+)$`)
	wrkP99     = regexp.MustCompile(`(?m)^\s+99%\s+(\S+)$`)
)

// parseWrk reads what wrk --latency prints. What is wrong with any answer, or with
// a connection, fails the run.
func parseWrk(out string) (r result, err error) {
	find := func(pattern *regexp.Regexp) string {
		if found := pattern.FindStringSubmatch(out); found != nil {
			return found[1]
		}
		return ""
	}
	var errs [4]error
	r.Rate, errs[0] = strconv.ParseFloat(find(wrkRate), 64)
	r.Answers, errs[1] = strconv.ParseInt(find(wrkAnswers), 10, 64)
	r.P50, errs[2] = time.ParseDuration(find(wrkP50))
	r.P99, errs[3] = time.ParseDuration(find(wrkP99))
	err = errors.Join(errs[:]...)
	if strings.Contains(out, "Socket errors:") || strings.Contains(out, "Non-2xx or 3xx responses:") {
		err = errors.New("not every request was answered well")
	}
	if err == nil && r.Answers == 0 {
		err = errors.New("no answer in time")
	}
	if err != nil {
		return result{}, fmt.Errorf("wrk: %w:\n%s", err, out)
	}
	return r, nil
}
