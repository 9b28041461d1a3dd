using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Experiments.Pages;
using Llm4Msr.Platform;

namespace Llm4Msr.Experiments;

/// <summary>The files of a report: a page, and beside it the figures as JSON and the table as CSV.</summary>
/// <param name="Page">Ends in <c>.html</c>.</param>
public sealed record ReportFiles(string Page)
{
    private const string Extension = ".html";

    /// <summary>As commands print results.</summary>
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string Json => Path.ChangeExtension(Page, ".json");

    public string Csv => Path.ChangeExtension(Page, ".csv");

    /// <summary>Whether they may be written: asked before any work is done. An earlier report is replaced, and nothing else.</summary>
    public void CheckFree()
    {
        if (Path.GetExtension(Page) != Extension)
            throw new Llm4MsrException(FaultKind.Usage, $"--out is '{Page}', expected a file name that ends in {Extension}.");
        if (Directory.Exists(Page))
            throw new Llm4MsrException(FaultKind.Usage, $"'{Page}' is a folder. Name a file in it.");
        if (new[] { Json, Csv, Page }.FirstOrDefault(File.Exists) is { } there && !IsReport(Json))
            throw new Llm4MsrException(FaultKind.Usage, $"'{there}' is there already and is no report of this program, so it is not replaced. Name another file.");
    }

    public void Write(ReportFigures figures)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Page))!);
        DurableFile.WriteText(Json, JsonSerializer.Serialize(figures, s_json) + "\n"); // first: it says whose the others are
        CsvFile.Write(Csv, ["run", "scenario", "auc", "low", "high", "gain", "gain_low", "gain_high", "smallest_detectable", "p_over_seeds"], figures.Runs.SelectMany(RowsOf));
        DurableFile.WriteText(Page, ReportPage.Of(figures));
    }

    private static IEnumerable<IReadOnlyList<object?>> RowsOf(RunFigures run)
    {
        var gains = run.OverBaseline is { } over ? over.Scenarios.Append(over.Mean).ToList() : null;
        var rows = run.Intervals.Scenarios.Select((s, k) => (s.Scenario, Auc: run.AucOf(k), Interval: s.Auc)).Append(("mean", run.MeanAuc, run.Intervals.MeanAuc));
        return rows.Select((row, k) => (IReadOnlyList<object?>)[
            run.Name, row.Item1, row.Item2, row.Item3?.Low, row.Item3?.High, gains?[k].Difference, gains?[k].Interval?.Low, gains?[k].Interval?.High, gains?[k].SmallestDetectable, gains?[k].OverSeeds?.P]);
    }

    private static bool IsReport(string path)
    {
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllBytes(path));
            return file.RootElement.TryGetProperty("format", out var format) && format.GetString() == ReportFigures.CurrentFormat;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FileNotFoundException)
        {
            return false;
        }
    }
}
