using System.Globalization;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>
/// Processor time per training step and per inference batch beside the seconds of the paper's Table 3. What was measured stays
/// like a finished training: it is measured again where asked, and where the models, their data or the processor are others.
/// </summary>
internal static class PaperTable3
{
    /// <param name="again">Whether to measure what was measured already.</param>
    public static ReproducedPart Of(Cli cli, InteractionDataset data, IReadOnlyList<Cell> cells, string output, bool again)
    {
        var file = Path.Combine(output, "table3.json");
        var result = again ? null : Stored(file, cells);
        if (result is null)
        {
            result = Measured(cli, data, cells);
            Directory.CreateDirectory(output);
            Config.WriteFile(file, Model(result, output));
        }
        WriteTable(Path.Combine(output, "table3.csv"), result);
        return new ReproducedPart(Reproduced.Table3, Model(result, output), console => Print(console, result));
    }

    /// <returns>Null where nothing was measured, or something else.</returns>
    private static TimesResult? Stored(string file, IReadOnlyList<Cell> cells) =>
        File.Exists(file) && ResultFile.Read(file) is TimesResult { Cells: { } measured, Machine: { } machine } stored
        && measured.SequenceEqual(cells.Select(c => c.Name)) && machine.Processor == Machine.Current.Processor ? stored : null;

    private static TimesResult Measured(Cli cli, InteractionDataset data, IReadOnlyList<Cell> cells)
    {
        Libtorch.Require();
        GridCheck.Data(data, cells, cli.Terminal.Say);
        var table = KnowledgeFor.Data(data, cells[^1].Config.Knowledge!, cells[^1].Config.State, cli.Terminal.Say);
        var times = StepTimes.Of(data, table, [.. cells.Select(c => c.Config.Run)], cli.Cancellation);
        return new TimesResult(
            cells[0].Config.Training.BatchSize, StepTimes.Rounds,
            [.. cells.Zip(times, (cell, time) => new TimedModel(cell.Arm.Name, time.Training, time.Inference, PaperNumbers.Seconds(cell.Config.Model.Enhancement)))],
            DateTimeOffset.UtcNow, Machine.Current, [.. cells.Select(c => c.Name)]);
    }

    private static object Model(TimesResult result, string output) =>
        new { output, result.Measured, result.Machine, result.Batch, result.Rounds, result.Cells, result.Rows };

    private static void WriteTable(string path, TimesResult result) => CsvFile.Write(path,
        ["model", "training_ms", "training_ratio", "low", "high", "inference_ms", "inference_ratio", "low", "high", "paper_training_s", "paper_inference_s"],
        result.Rows.Select(r => (IReadOnlyList<object?>)[
            r.Model, r.Training.Milliseconds, r.Training.Ratio, r.Training.Low, r.Training.High, r.Inference.Milliseconds, r.Inference.Ratio, r.Inference.Low,
            r.Inference.High, r.PaperSeconds.Training, r.PaperSeconds.Inference]));

    private static void Print(IAnsiConsole console, TimesResult result)
    {
        var shown = EvaluationReport.NewTable("table3: processor time, and the paper's seconds");
        shown.AddColumn("");
        EvaluationReport.AddColumns(shown, ["training\nstep", "ratio", "quartiles", "paper's\nratio", "inference\nbatch", "ratio", "quartiles", "paper's\nratio"]);
        var paperBase = result.Rows[0].PaperSeconds;
        foreach (var r in result.Rows)
        {
            shown.AddRow([.. ((string[])[
                r.Model, .. Cells(r.Training, r.PaperSeconds.Training / paperBase.Training), .. Cells(r.Inference, r.PaperSeconds.Inference / paperBase.Inference),
            ]).Select(Markup.Escape)]);
        }
        console.Write(shown);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Medians of {result.Rounds} batches of {result.Batch:N0} rows; the models take turns, on one thread; measured {result.Place} (--again measures anew)."));
        console.WriteLine("Differs from the paper: it measured STAR on KuaiSAR-small, in seconds on a machine that it does not compare with others. Ratios are what travels.");
    }

    private static string[] Cells(MeasuredTime time, double paper) =>
        [string.Create(CultureInfo.InvariantCulture, $"{time.Milliseconds:0.0} ms"), Ratio(time.Ratio), $"{Ratio(time.Low)} to {Ratio(time.High)}", Ratio(paper)];

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
