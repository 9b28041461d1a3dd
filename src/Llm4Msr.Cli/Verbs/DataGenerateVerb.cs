using System.CommandLine;
using System.Globalization;
using Llm4Msr.Data;
using Llm4Msr.Import.Generator;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr data generate</c>: data whose truth is planted.</summary>
internal static class DataGenerateVerb
{
    public static Verb Create(Cli cli)
    {
        var output = new Option<string>("--out") { Description = "Folder to write.", Required = true };
        var scale = Spelling.Option("--scale", "tiny: a thousand users. kuaisar-small: users, items, overlaps, rows and click shares of the paper's Table 1. small: a tenth of that.", GeneratorScale.Tiny);
        var format = Spelling.Option("--format", "kuaisar: the five CSV files of KuaiSAR. prepared: what 'llm4msr train' reads, for small scales.", GeneratedFormat.Kuaisar);
        var split = Spelling.MaybeOption<SplitKind>("--split", "How prepared data are split; see 'llm4msr prepare --help' [default: user].");
        var users = new Option<int?>("--users") { Description = "Another number of users; rows and items grow in proportion." };
        var noise = new Option<double?>("--noise") { Description = "Share of rows that are clicked by chance, 0 to 1 [default: 0.1]." };
        var negative = new Option<bool>("--negative-transfer") { Description = "What users like in one scenario they dislike in the other." };
        var cold = new Option<double?>("--cold-start") { Description = "Share of users who come late and have one to three rows in each scenario, 0 to 0.9 [default: 0]." };
        var skew = new Option<double?>("--popularity-skew") { Description = "1: rows fall evenly on items; the higher, the more on few [default: 3]." };
        var shared = new Option<double?>("--shared-part") { Description = "The part of interests that is common to all scenarios, 0 to 1 [default: 0.6]." };
        var seed = new Option<int?>("--seed") { Description = "Equal options and seed give equal bytes [default: 1]." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace a generated folder that is there." };

        var verb = new Verb("generate", "Clicks of users whose interests are planted, and the best AUC that a model can reach on them.",
            "llm4msr data generate --out tiny --format prepared", "llm4msr data generate --out logs --scale kuaisar-small --noise 0.3 --negative-transfer")
        {
            output, scale, format, split, users, noise, negative, cold, skew, shared, seed, overwrite,
        };
        verb.SetAction(parsed =>
        {
            var options = GeneratorScales.Options(parsed.GetValue(scale).Value);
            if (parsed.GetValue(users) is { } count)
            {
                AtLeast.Check(1, ("--users", count));
                options = options.WithUsers(count);
            }
            options = options with
            {
                Noise = parsed.GetValue(noise) ?? options.Noise,
                NegativeTransfer = parsed.GetValue(negative),
                ColdStart = parsed.GetValue(cold) ?? options.ColdStart,
                PopularitySkew = parsed.GetValue(skew) ?? options.PopularitySkew,
                SharedPart = parsed.GetValue(shared) ?? options.SharedPart,
                Seed = parsed.GetValue(seed) ?? options.Seed,
            };
            if (parsed.GetValue(split) is not null && parsed.GetValue(format).Value != GeneratedFormat.Prepared)
                throw new Llm4MsrException(FaultKind.Usage, "--split says how prepared data are split; it goes with --format prepared.");
            var splitOptions = new SplitOptions(parsed.GetValue(split) ?? SplitKind.User);
            Run(cli, parsed.GetRequiredValue(output), options, parsed.GetValue(format).Value, splitOptions, parsed.GetValue(overwrite));
        });
        return verb;
    }

    private static void Run(Cli cli, string output, GeneratorOptions options, GeneratedFormat format, SplitOptions split, bool overwrite)
    {
        OutputFolder.CheckFree(output, overwrite, DataGenerator.ManifestFormat(format));
        Libtorch.Require();
        TruthDescription? truth = null;
        cli.Terminal.WithProgress("generate", DataGenerator.Work(options), report =>
            DurableFile.ReplaceFolder(output, folder => truth = DataGenerator.Write(folder, options, format, split, (done, what) =>
            {
                cli.Cancellation.ThrowIfCancellationRequested();
                report(done, what);
            })));
        cli.Terminal.Result(new { folder = output, format, truth!.Options, truth.Best }, console => Print(console, truth, output, format));
    }

    private static void Print(IAnsiConsole console, TruthDescription truth, string output, GeneratedFormat format)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle("best AUC: that of the planted probabilities") };
        table.AddColumn("scenario");
        foreach (var column in new[] { "users", "items", "interactions", "all rows", "last tenth" })
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var (scenario, best) in truth.Options.Scenarios.Zip(truth.Best))
            table.AddRow(scenario.Name, Number(truth.Options.Users), Number(scenario.Items), Number(scenario.Interactions), Auc(best.All), Auc(best.LastTenth));
        table.AddRow("together", "", "", Number(truth.Options.Scenarios.Sum(s => s.Interactions)), Auc(truth.Best[^1].All), Auc(truth.Best[^1].LastTenth));
        console.Write(table);
        console.WriteLine($"Written to {output}; interests and click probabilities are in {Path.Combine(output, TruthFiles.Folder)}. "
            + (format == GeneratedFormat.Prepared ? $"Next: 'llm4msr train {output} --out RUN'." : $"Next: 'llm4msr prepare kuaisar {output} --out DATA'."));

        static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
        static string Auc(double? auc) => auc?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "undefined";
    }
}
