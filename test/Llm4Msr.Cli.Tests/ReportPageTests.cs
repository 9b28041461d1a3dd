using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>The report as a browser shows it, opened from the disk.</summary>
public sealed class ReportPageTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task ABrowserShowsEverySectionOnAPhoneWithoutAComplaintOrARequest()
    {
        Browser.Required();
        CommandRun.Succeeding("report", small.PlainRun, small.EnhancedRun, "--knowledge", small.Store, "--out", _scratch["report.html"]);

        var seen = await Browser.Opened(_scratch["report.html"]);

        Assert.Empty(seen.Complaints);
        Assert.Equal([$"file://{_scratch["report.html"]}"], seen.Requests);
        Assert.Equal(360, seen.Width);
        Assert.Equal(ReportTests.s_sections, seen.Sections);
        Assert.True(seen.Plots >= 6, $"{seen.Plots} plots");
    }
}
