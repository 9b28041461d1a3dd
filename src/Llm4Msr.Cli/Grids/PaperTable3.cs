using System.Globalization;
using Llm4Msr.Cli.Configuration;
using Llm4Msr.Data;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>Processor time per training step and per inference batch beside the seconds of the paper's Table 3.</summary>
internal static class PaperTable3
{
    public static ReproducedPart Of(Cli cli, InteractionDataset data, IReadOnlyList<Cell> cells, string output)
    {
        Libtorch.Require();
        GridCheck.Data(data, cells, cli.Terminal.Say);
        var config = cells[0].Config;
        var table = KnowledgeFor.Data(data, cells[^1].Config.Knowledge!, cells[^1].Config.State, cli.Terminal.Say);
        var times = StepTimes.Of(data, table, [.. cells.Select(c => c.Config.Run)], cli.Cancellation);
        var rows = cells.Zip(times, (cell, time) => (
            Model: cell.Arm.Name, time.Training, time.Inference, Paper: PaperNumbers.Seconds(cell.Config.Model.Enhancement), PaperBase: PaperNumbers.Seconds(config.Model.Enhancement))).ToList();
        var model = new
        {
            output,
            machine = Machine.Current,
            batch = config.Training.BatchSize,
            StepTimes.Rounds,
            rows = rows.Select(r => new { r.Model, r.Training, r.Inference, paperSeconds = new { r.Paper.Training, r.Paper.Inference } }),
        };
        Directory.CreateDirectory(output);
        Config.WriteFile(Path.Combine(output, "table3.json"), model);
        CsvFile.Write(Path.Combine(output, "table3.csv"),
            ["model", "training_ms", "training_ratio", "low", "high", "inference_ms", "inference_ratio", "low", "high", "paper_training_s", "paper_inference_s"],
            rows.Select(r => (IReadOnlyList<object?>)[
                r.Model, r.Training.Milliseconds, r.Training.Ratio, r.Training.Low, r.Training.High, r.Inference.Milliseconds, r.Inference.Ratio, r.Inference.Low,
                r.Inference.High, r.Paper.Training, r.Paper.Inference]));
        return new ReproducedPart(Reproduced.Table3, model, console =>
        {
            var shown = EvaluationReport.NewTable("table3: processor time, and the paper's seconds");
            shown.AddColumn("");
            EvaluationReport.AddColumns(shown, ["training\nstep", "ratio", "quartiles", "paper's\nratio", "inference\nbatch", "ratio", "quartiles", "paper's\nratio"]);
            foreach (var r in rows)
            {
                shown.AddRow([.. ((string[])[
                    r.Model, .. Cells(r.Training, r.Paper.Training / r.PaperBase.Training), .. Cells(r.Inference, r.Paper.Inference / r.PaperBase.Inference),
                ]).Select(Markup.Escape)]);
            }
            console.Write(shown);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Medians of {StepTimes.Rounds} batches of {config.Training.BatchSize:N0} rows after {StepTimes.WarmUp}; the models take turns, on one thread of {Machine.Current.Processor}."));
            console.WriteLine("Differs from the paper: it measured STAR on KuaiSAR-small, in seconds on a machine that it does not compare with others. Ratios are what travels.");
        });
    }

    private static string[] Cells(StepTime time, double paper) =>
        [string.Create(CultureInfo.InvariantCulture, $"{time.Milliseconds:0.0} ms"), Ratio(time.Ratio), $"{Ratio(time.Low)} to {Ratio(time.High)}", Ratio(paper)];

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
