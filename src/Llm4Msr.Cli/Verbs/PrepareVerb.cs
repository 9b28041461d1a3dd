using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr prepare</c>: raw logs to a folder that training and prompts read.</summary>
internal static class PrepareVerb
{
    public static Command Create(Cli cli)
    {
        var source = new Argument<string>("source") { Description = "What the logs are." };
        source.AcceptOnlyFromAmong("ml-100k");
        var folder = new Argument<DirectoryInfo>("dir") { Description = "Folder with the unpacked files." };
        var output = new Option<string>("--out") { Description = "Folder to write.", Required = true };
        var split = Spelling.Option(
            "--split", "user: each user's own rows, 8:1:1 by time. global: one cut in time. user-holdout: a fifth of the users is never trained on.", SplitKind.User);
        var fold = new Option<string?>("--fold") { Description = "Which fifth of the users user-holdout holds out, as K/5.", HelpName = "K/5" };
        var holdout = new Option<FileInfo?>("--holdout") { Description = """JSON file with the users to hold out: {"test": [...], "validation": [...]}.""" };
        var seed = new Option<int?>("--split-seed") { Description = "Draws the order in which users fall into folds [default: 1]." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace a prepared folder that is there." };

        var verb = new Verb("prepare", "Turn raw logs into prepared data.",
            "llm4msr prepare ml-100k ~/ml-100k --out data",
            "llm4msr prepare ml-100k ~/ml-100k --out data-fold2 --split user-holdout --fold 2/5")
        {
            source, folder, output, split, fold, holdout, seed, overwrite,
        };
        verb.SetAction(parsed => Run(
            cli, parsed.GetRequiredValue(folder).FullName, parsed.GetRequiredValue(output),
            Options(parsed.GetValue(split).Value, parsed.GetValue(fold), parsed.GetValue(holdout), parsed.GetValue(seed)),
            parsed.GetValue(overwrite)));
        return verb;
    }

    private static int Run(Cli cli, string folder, string output, SplitOptions split, bool overwrite)
    {
        OutputFolder.CheckFree(output, overwrite, InteractionDataset.Format);
        var raw = MovieLens100K.Read(folder);
        cli.Cancellation.ThrowIfCancellationRequested();
        DurableFile.ReplaceFolder(output, temporary => PreparedDataWriter.Write(temporary, raw, split));

        var data = InteractionDataset.Open(output);
        cli.Terminal.Result(data.Description, console => Print(console, data, output));
        return 0;
    }

    private static SplitOptions Options(SplitKind kind, string? fold, FileInfo? holdout, int? seed)
    {
        var options = new SplitOptions(kind);
        if (kind != SplitKind.UserHoldout && (fold ?? holdout?.FullName) is not null)
            throw new Llm4MsrException(FaultKind.Usage, "--fold and --holdout say which users are held out; they go with --split user-holdout.");
        if (fold is not null && holdout is not null)
            throw new Llm4MsrException(FaultKind.Usage, "--fold and --holdout both say which users are held out. Give one of them.");
        if (seed is not null && (kind != SplitKind.UserHoldout || holdout is not null))
            throw new Llm4MsrException(FaultKind.Usage, "--split-seed draws the users that are held out; it goes with --split user-holdout, without --holdout.");
        if (fold is not null)
        {
            var parts = fold.Split('/');
            if (parts.Length != 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var k) || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var n))
                throw new Llm4MsrException(FaultKind.Usage, $"--fold is '{fold}', expected K/5: the second fifth is 2/5.");
            options = options with { Fold = k, Folds = n };
        }
        return options with { Holdout = holdout is null ? null : ReadHeldOut(holdout.FullName), Seed = seed ?? options.Seed };
    }

    private static HeldOutUsers ReadHeldOut(string path)
    {
        if (!File.Exists(path))
            throw new Llm4MsrException(FaultKind.BadInput, $"There is no file '{path}'.");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new HeldOutUsers(Ids(document.RootElement, "test"), Ids(document.RootElement, "validation"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                $$"""'{{path}}' does not name held-out users ({{e.Message}}). Expected: {"test": [1, 2], "validation": [3]}.""", e);
        }

        static string[] Ids(JsonElement root, string name) =>
            [.. root.GetProperty(name).EnumerateArray().Select(id => id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText())];
    }

    private static void Print(IAnsiConsole console, InteractionDataset prepared, string output)
    {
        var data = prepared.Description;
        console.Write(StatisticsTable.Of(data));
        var parts = data.Parts.Where(p => p.Value.Interactions > 0).Select(p => $"{p.Value.Interactions:N0} {Spelling.Of(p.Key)}");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Split {Spelling.Of(data.Split.Kind)}: {string.Join(", ", parts)}."));
        console.WriteLine($"Written to {output}. Next, with knowledge: 'llm4msr prompts show {output} --user {prepared.Encoder.Users.Keys[0]}', then "
            + $"'llm4msr reason {output} --model FILE --out KNOWLEDGE.db'. Without: 'llm4msr train {output} --out RUN'.");
    }
}
