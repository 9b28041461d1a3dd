using Llm4Msr.Testing;
using Microsoft.Playwright;

namespace Llm4Msr.Cli.Tests;

/// <summary>The report as a browser shows it, opened from the disk.</summary>
public sealed class ReportPageTests(SmallRuns small) : IDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task ABrowserShowsEverySectionOnAPhoneWithoutAComplaintOrARequest()
    {
        NeedsChromium();
        CommandRun.Succeeding("report", small.PlainRun, small.EnhancedRun, "--knowledge", small.Store, "--out", _scratch["report.html"]);

        var seen = await Opened(_scratch["report.html"]);

        Assert.Empty(seen.Complaints);
        Assert.Equal([$"file://{_scratch["report.html"]}"], seen.Requests);
        Assert.Equal(360, seen.Width);
        Assert.Equal(ReportTests.s_sections, seen.Sections);
        Assert.True(seen.Plots >= 6, $"{seen.Plots} plots");
    }

    [Fact]
    public async Task HostileTextRunsNothingAndFetchesNothing()
    {
        NeedsChromium();
        File.WriteAllText(_scratch["hostile.html"], ReportTests.HostilePage(small));

        var seen = await Opened(_scratch["hostile.html"]);

        Assert.Empty(seen.Complaints);
        Assert.Equal([$"file://{_scratch["hostile.html"]}"], seen.Requests);
        Assert.Equal(360, seen.Width);
        Assert.Equal(0, seen.Scripts);
        Assert.Contains("<script>alert(1)</script>", seen.Text, StringComparison.Ordinal);
    }

    /// <param name="Complaints">Of the console, and dialogues.</param>
    /// <param name="Width">That the page needs in a window of 360 pixels.</param>
    private sealed record Seen(List<string> Complaints, List<string> Requests, int Width, string[] Sections, int Plots, int Scripts, string Text);

    private static async Task<Seen> Opened(string path)
    {
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 360, Height = 740 } });
        List<string> complaints = [], requests = [];
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        page.Dialog += (_, dialog) => complaints.Add(dialog.Message);
        page.Request += (_, request) => requests.Add(request.Url);
        await page.GotoAsync($"file://{path}", new() { WaitUntil = WaitUntilState.Load });
        return new Seen(
            complaints, requests, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"),
            await page.EvaluateAsync<string[]>("[...document.querySelectorAll('section')].filter(s => s.getBoundingClientRect().height > 0).map(s => s.id)"),
            await page.EvaluateAsync<int>("document.querySelectorAll('svg').length"), await page.EvaluateAsync<int>("document.querySelectorAll('script, img, iframe').length"),
            await page.EvaluateAsync<string>("document.body.textContent"));
    }

    private static void NeedsChromium() => Assert.SkipUnless(File.Exists(Chromium), "skipped: needs chromium ('scripts/install-chromium' gets it)");
}
