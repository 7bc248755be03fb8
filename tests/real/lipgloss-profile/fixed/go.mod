module realworld/lipgloss-profile

go 1.24

require (
	github.com/charmbracelet/lipgloss v0.6.0
	github.com/muesli/termenv v0.11.1-0.20220204035834-5ac8409525e0
)

require (
	github.com/lucasb-eyer/go-colorful v1.2.0 // indirect
	github.com/mattn/go-isatty v0.0.14 // indirect
	github.com/mattn/go-runewidth v0.0.13 // indirect
	github.com/muesli/reflow v0.2.1-0.20210115123740-9e1d0d53df68 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
	golang.org/x/sys v0.0.0-20210630005230-0f9fa26af87c // indirect
)
