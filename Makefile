MODULE   = github.com/caddy-webhook-receiver/caddy-webhook-receiver
# The root and every nested module.
MODULES  = $(shell find . -name go.mod -exec dirname {} \; | sort)
# Tools have a go.mod of their own: users of the plugin don't get their requirements.
TOOL     = go tool -modfile="$(CURDIR)/tools.mod"
FUZZTIME ?= 20000x
SOAK     ?= 10m

.PHONY: run build packages test torture soak bench compare fuzz lint vet vuln spell github changelog release fmt

# Try it: this plugin's Caddy on example.Caddyfile. Needs nothing but Go.
run:
	@sh scripts/run.sh

# ./caddy as a user would build it, with the newest Caddy or $CADDY_VERSION.
# WITH="nats" adds outputs that are modules of their own, by their folders' names.
# Any version after the @ will do; without one, Go looks for the newest online.
build:
	$(TOOL) xcaddy build --output ./caddy --with $(MODULE)@v0.0.0=. \
		$(foreach m,$(WITH),--with $(MODULE)/$(m)@v0.0.0=./$(m))

# Debian and RPM packages in build/packages, for amd64 and arm64 or $ARCHES, of the git
# tag's version or $VERSION.
packages:
	@sh deploy/packages/build.sh

# A skipped test is a failure. -p 1: Caddy's test server has fixed ports.
# -count=1: some tests start programs, which Go's test cache doesn't see.
test:
	@set -e; for m in $(MODULES); do \
		echo "== $$m"; (cd $$m && $(TOOL) gotestsum --format pkgname \
			--post-run-command 'sh -c "test $$TESTS_SKIPPED = 0"' \
			-- -race -count=1 -p 1 ./...); done

# The fault tests of "make test", those with strace, and, as root, those that cut
# the power of real file systems and those with a real Kafka (which also need
# Java 17, Maven and kcat), for as long as it takes to believe them: some 50
# minutes. RELIABILITY.md has the last run's figures.
torture:
	cd internal/journal && go test -race -count=1 -v -timeout 1h -powercuts 20000 \
		-run 'PowerCuts|EveryOperation|EveryMoment|TwoJournals' .
	cd internal/files && go test -race -count=1 -v -timeout 1h -run 'ByTwoProcesses|TwoKeepers' .
	cd deliver && go test -race -count=1 -v -timeout 1h -powercuts 5000 -run PowerCuts .
	cd internal/e2e && go test -count=1 -v -timeout 1h -tags strace -kills 200 -reloads 1000 -hang 1m \
		-run '^TestKills|ReloadsUnderTraffic|OnOnePath|TakenAway|Disk|FileSizeLimit|Overload|Strace' .
	cd internal/e2e && go test -count=1 -v -timeout 2h -kills 200 -outage 3m -among 100000 -backlog 1000000 -turn 10s -run Deliver .
	cd internal/e2e && go test -count=1 -v -timeout 1h -tags powercut -cuts 150 -run PowerCuts .
	cd nats && go test -race -count=1 -v -timeout 1h -torture -run 'ClusterFaults|ReloadsUnderTraffic|TwoCaddys' .
	cd kafka && go test -race -count=1 -v -timeout 1h -tags broker -rounds 10 -run Brokers .

# Ten minutes, or SOAK=1h, of steady load on a receiver with everything on that could leak.
soak:
	cd internal/e2e && go test -count=1 -v -timeout 24h -soak $(SOAK) -run Soak .

# Measures the receiver beside bare Caddy, with wrk where it is installed; with
# BENCHFLAGS=-quick for a minute.
bench:
	cd bench && go run . $(BENCHFLAGS)

# What the work tree costs more than the commit that it began from, or $BASE.
compare:
	cd bench && go run ./compare

# Every fuzz test for a short time, counted in inputs: with a duration, Go before
# 1.27 may report the end of it as a failure (https://go.dev/issue/75804).
fuzz:
	@grep -rHoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed 's/:func / /' | \
		while read -r file name; do \
			echo "== $$file $$name"; (cd "$$(dirname "$$file")" && \
				go test -run "^$$name\$$" -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) . </dev/null) || exit 1; \
		done

lint:
	@diff=$$($(TOOL) gofumpt -d .); [ -z "$$diff" ] || { echo "$$diff"; exit 1; }
	@set -e; for m in $(MODULES); do \
		echo "== $$m"; (cd $$m && go mod tidy -diff && \
			$(TOOL) staticcheck ./... && $(TOOL) errcheck -ignoretests ./...); done

vet:
	@set -e; for m in $(MODULES); do for os in linux darwin windows; do \
		echo "== $$m $$os"; (cd $$m && GOOS=$$os go vet ./...); done; done
	cd internal/e2e && go vet -tags browser,deploy,libraries,release,strace ./... && go vet -tags powercut ./...
	cd deploy && go vet -tags deploy ./...
	cd kafka && go vet -tags broker ./...

# Known vulnerabilities, of every module as it is built with the newest Caddy, by
# https://vuln.go.dev or $GOVULNDB.
vuln:
	@sh scripts/vuln.sh

# Python's tools have a folder of their own. The stamp is there once they are.
build/venv/installed: .ci/requirements.txt
	python3 -m venv --clear build/venv
	build/venv/bin/pip install --quiet --disable-pip-version-check --requirement .ci/requirements.txt
	@touch $@

# Words that are misspelt often, in code, documents and messages.
spell: build/venv/installed
	git ls-files -z | xargs -0 build/venv/bin/codespell

# Workflows, forms and what else GitHub reads; with ShellCheck where it is installed.
github: build/venv/installed
	$(TOOL) actionlint
	build/venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	build/venv/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	build/venv/bin/check-jsonschema --builtin-schema vendor.github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	build/venv/bin/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

# What RELEASING.md says, for VERSION=v0.1.0: the changelog's heading; and from the
# tag that was pushed all that is published, in build/release, or for some
# PLATFORMS="linux/amd64 ..." only.
changelog:
	@sh scripts/changelog.sh "$(VERSION)"

release:
	@sh scripts/release.sh "$(VERSION)" $(PLATFORMS)

fmt:
	$(TOOL) gofumpt -w .
	go run ./cmd/caddy fmt --overwrite example.Caddyfile
