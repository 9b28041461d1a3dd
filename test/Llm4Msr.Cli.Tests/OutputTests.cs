using System.Text.Json;
using Llm4Msr.Cli.Verbs;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Standard output is the result and nothing else.</summary>
public sealed class OutputTests(SmallRuns small) : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AProgramThatReadsStandardOutputReadsTheResultAlone(bool json)
    {
        File.WriteAllText(_scratch["rows.csv"], "scenario,user,item\ncomedy and family,7,1\n");
        string[][] commands =
        [
            ["prepare", "ml-100k", small.Logs, "--out", _scratch["data"]],
            ["train", small.Data, "--out", _scratch["run"], .. SmallRuns.Small, "--knowledge", small.Store, "--enhancement", "llm4msr", "--components", "3"],
            ["predict", small.PlainRun, "--input", _scratch["rows.csv"], "--output", _scratch["scores.csv"]],
        ];
        foreach (var command in commands)
        {
            var run = CommandRun.Apart(json ? [.. command, "--json"] : command);

            Assert.True(run.Code == 0, run.Errors);
            Assert.Empty(run.Errors); // there is nothing to say: no cache was stale, nothing took a minute
            Assert.NotEmpty(run.Output);
            Assert.DoesNotContain('\e', run.Output);
            Assert.Equal(json, IsOneDocument(run.Output));
        }
    }

    /// <summary>A quick start that says "found" of anything would prove nothing.</summary>
    [Theory]
    [InlineData(0.58, 0.65, 0.59, 0.9, 0.9, true)]
    [InlineData(0.61, 0.65, 0.59, 0.9, 0.9, false)] // the model alone does as well
    [InlineData(0.58, 0.65, 0.64, 0.9, 0.9, false)] // so does somebody else's knowledge
    [InlineData(0.58, 0.57, 0.59, 0.9, 0.9, false)]
    [InlineData(0.58, 0.65, 0.59, 0.7, 0.9, false)] // texts say what was not planted
    [InlineData(0.58, 0.65, 0.59, 0.9, 0.7, false)] // or leave out what was
    [InlineData(null, 0.65, 0.59, 0.9, 0.9, false)]
    [InlineData(0.58, null, 0.59, 0.9, 0.9, false)]
    public void TheQuickStartFailsWhereWhatWasPlantedIsNotFound(double? none, double? real, double? shuffled, double precision, double recall, bool found) =>
        Assert.Equal(found, QuickstartVerb.IsFound(none, real, shuffled, precision, recall));

    [Fact]
    public void AFaultOfSeveralThreadsIsToldAsItsFirst() =>
        Assert.Equal(CommandLine.Told(new IOException("No space.")), CommandLine.Told(new AggregateException(new AggregateException(new IOException("No space."), new FormatException()))));

    [Fact]
    public void EveryCommandPrintsOneJsonDocument()
    {
        File.WriteAllText(_scratch["rows.csv"], "scenario,user,item\ncomedy and family,7,1\n");
        string[][] commands =
        [
            ["prompts", "show", small.Data, "--user", "7"],
            ["prompts", "show", small.Data, "--scenario", "comedy and family"],
            ["prompts", "template"],
            ["knowledge", "stats", small.Store],
            ["knowledge", "show", small.Store, "--user", "7"],
            ["knowledge", "verify", small.Store],
            ["evaluate", small.PlainRun],
            ["evaluate", small.EnhancedRun, "--intervals", "--details"],
            ["compare", small.PlainRun, small.EnhancedRun],
            ["doctor"],
        ];
        foreach (var command in commands)
        {
            var forPeople = CommandRun.Succeeding(command);
            var forPrograms = CommandRun.Succeeding([.. command, "--json"]);

            Assert.True(IsOneDocument(forPrograms.Output), string.Join(' ', command));
            Assert.False(IsOneDocument(forPeople.Output), string.Join(' ', command));
            Assert.Empty(forPeople.Errors + forPrograms.Errors);
        }
    }

    [Fact]
    public void AFailureLeavesStandardOutputEmptyForProgramsToo()
    {
        var run = CommandRun.Apart("evaluate", _scratch["no run"], "--json");

        Assert.Equal((4, ""), (run.Code, run.Output));
        Assert.Equal($"error: There is no model folder '{_scratch["no run"]}'. Check the path; what was moved or removed has to be brought back or made again.\n", run.Errors);
    }

    [Fact]
    public void QuickstartFindsWhatWasPlantedAndASecondTimeTrainsNothing()
    {
        var first = CommandRun.Succeeding("quickstart", "--out", _scratch["quickstart"], "--json");
        var before = FolderState.Of(_scratch["quickstart"]);

        var second = CommandRun.Succeeding("quickstart", "--out", _scratch["quickstart"], "--json");

        Assert.True(first.Json.GetProperty("found").GetBoolean());
        Assert.Equal(first.Output, second.Output);
        Assert.Equal(before, FolderState.Of(_scratch["quickstart"]));
        Assert.Empty(second.Errors);
    }

    private static bool IsOneDocument(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
