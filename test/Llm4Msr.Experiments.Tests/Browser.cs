using Microsoft.Playwright;

namespace Llm4Msr.Testing;

/// <summary>What a browser on a phone shows of a page that it opens from the disk.</summary>
/// <param name="Complaints">Of the console, and dialogues.</param>
/// <param name="Width">That the page needs in a window of 360 pixels.</param>
/// <param name="Sections">Those that take up room.</param>
internal sealed record Browser(List<string> Complaints, List<string> Requests, int Width, string[] Sections, int Plots, int Scripts, string Text)
{
    private const string Chromium = "/usr/bin/chromium";

    /// <summary>The test is skipped, and says so, where there is no browser.</summary>
    public static void Required() => Assert.SkipUnless(File.Exists(Chromium), "skipped: needs chromium ('scripts/install-chromium' gets it)");

    public static async Task<Browser> Opened(string path)
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
        return new Browser(
            complaints, requests, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"),
            await page.EvaluateAsync<string[]>("[...document.querySelectorAll('section')].filter(s => s.getBoundingClientRect().height > 0).map(s => s.id)"),
            await page.EvaluateAsync<int>("document.querySelectorAll('svg').length"), await page.EvaluateAsync<int>("document.querySelectorAll('script, img, iframe').length"),
            await page.EvaluateAsync<string>("document.body.textContent"));
    }
}
