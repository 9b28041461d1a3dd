using System.Globalization;
using Llm4Msr.Platform;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>From an unknown file to prepared data in two commands, or to the keys that a person has to fill in.</summary>
public sealed class DataInspectTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void WhatIsProposedIsPrepared()
    {
        var place = new string('x', 50);
        Write("user,item,scenario,click,time", k => string.Create(CultureInfo.InvariantCulture, $"{k % 7},i{k % 90},{place}{k % 2},{k % 3 / 2},{1_600_000_000 + k}"));

        var inspect = CommandRun.Succeeding("data", "inspect", _scratch["clicks.csv"], "--out", _scratch["clicks.json"]);
        var prepare = CommandRun.Succeeding("prepare", _scratch["clicks.json"], "--out", _scratch["data"]);

        string[] Of(string column) => inspect.Output.Split('\n').SkipWhile(line => line.Trim() != $"{column}" && !line.TrimStart().StartsWith($"{column} ", StringComparison.Ordinal)).First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("7", Of("user")[3]);
        Assert.Equal("about", Of("item")[3]);
        Assert.Contains(place + "0", File.ReadAllText(_scratch["clicks.json"]), StringComparison.Ordinal);
        Assert.DoesNotContain(place + "0", inspect.Output, StringComparison.Ordinal);
        Assert.StartsWith("No item has a title or a category: ", prepare.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsToBeFilledInIsRefusedByFileAndKey()
    {
        Write("who,what,when", k => string.Create(CultureInfo.InvariantCulture, $"w{k % 7},i{k % 9},{1_600_000_000 + k}"));
        CommandRun.Succeeding("data", "inspect", _scratch["clicks.csv"], "--out", _scratch["clicks.json"]);

        CommandRun.Of("prepare", _scratch["clicks.json"], "--out", _scratch["data"]).AssertFails(FaultKind.Usage,
            $"'{_scratch["clicks.json"]}': interactions[0].user is FILL-IN, expected the column with the user's id.\n"
            + "interactions[0].item is FILL-IN, expected the column with the item's id.");
    }

    private void Write(string header, Func<int, string> row) => File.WriteAllLines(_scratch["clicks.csv"], [header, .. Enumerable.Range(0, 300).Select(row)]);
}
