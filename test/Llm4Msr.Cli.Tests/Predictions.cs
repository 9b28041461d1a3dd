using System.Globalization;
using Llm4Msr.Testing;

namespace Llm4Msr.Cli.Tests;

/// <summary>Rows through <c>llm4msr predict</c>.</summary>
internal static class Predictions
{
    internal sealed record Row(string Scenario, string User, string Item, double Probability);

    /// <summary>Scores rows.csv of the folder into its scores.csv.</summary>
    public static CommandRun Command(string run, ScratchFolder scratch, params IEnumerable<(string Scenario, string User, string Item)> rows)
    {
        File.WriteAllLines(scratch["rows.csv"], rows.Select(r => $"{r.Scenario},{r.User},{r.Item}").Prepend("scenario,user,item"));
        return CommandRun.Of("predict", run, "--input", scratch["rows.csv"], "--output", scratch["scores.csv"]);
    }

    public static List<Row> Of(string run, ScratchFolder scratch, params IEnumerable<(string Scenario, string User, string Item)> rows)
    {
        var predict = Command(run, scratch, rows);
        Assert.True(predict.Code == 0, predict.Errors);
        return Read(scratch["scores.csv"]);
    }

    public static List<Row> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        Assert.Equal("scenario,user,item,probability", lines[0]);
        return [.. lines[1..].Select(line => line.Split(',')).Select(v => new Row(v[0], v[1], v[2], double.Parse(v[3], CultureInfo.InvariantCulture)))];
    }
}
