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
    private const int MostThreads = 1024; // a system that refuses one more ends the import, which cannot say why

    public static Command Create(Cli cli)
    {
        var source = new Argument<string>("source") { Description = $"A configuration file, or a data set that is known: {string.Join(", ", KnownData.Names)}." };
        var folder = new Argument<DirectoryInfo[]>("dir") { Description = "Folder with the unpacked files of a known data set.", Arity = ArgumentArity.ZeroOrMore };
        var output = new Option<string>("--out") { Description = "Folder to write.", Required = true };
        var split = Spelling.MaybeOption<SplitKind>(
            "--split", "user: each user's own rows, 8:1:1 by time. global: one cut in time. user-holdout: a fifth of the users is never trained on. column: as the logs say. [default: the configuration's, else user]");
        var fold = new Option<string?>("--fold") { Description = "Which fifth of the users user-holdout holds out, as K/5.", HelpName = "K/5" };
        var holdout = new Option<FileInfo?>("--holdout") { Description = """JSON file with the users to hold out: {"test": [...], "validation": [...]}.""" };
        var seed = new Option<int?>("--split-seed") { Description = "Draws the order in which users fall into folds [default: 1]." };
        var minCount = new Option<int?>("--min-count") { Description = "Values in fewer training rows share the index of those never seen [default: the configuration's, else 1]." };
        var scenarios = new Option<string?>("--scenarios") { Description = """For movielens: JSON file with scenarios by genre: [{"name": ..., "description": ..., "anyOf": [...]}].""", HelpName = "FILE.json" };
        var inScenarios = new Option<int?>("--in-scenarios") { Description = "Keep users with interactions in at least so many scenarios [default: the configuration's]." };
        var maxRejected = new Option<double?>("--max-rejected") { Description = "Share of a file's rows that may be unusable [default: the configuration's, else 0.01]." };
        var rejects = new Option<string?>("--rejects") { Description = "File for unusable rows with line and reason [default: beside the output, OUT.rejected.csv].", HelpName = "FILE.csv" };
        var limits = new ImportLimits("GiB that the import may hold; what does not fit goes to the disk.");
        var threads = new Option<int>("--threads") { Description = "Threads of the import.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace a prepared folder that is there." };

        var verb = new Verb("prepare", "Turn raw logs into prepared data.",
            "llm4msr prepare movielens ~/ml-100k --out data",
            "llm4msr prepare movielens ~/ml-100k --out data-fold2 --split user-holdout --fold 2/5",
            "llm4msr prepare kuaisar ~/KuaiSAR-small --out kuaisar --memory 4",
            "llm4msr prepare my-logs.json --out data")
        {
            source, folder, output, split, fold, holdout, seed, minCount, scenarios, inScenarios, maxRejected, rejects, limits.Memory, threads, limits.Time, overwrite,
        };
        verb.SetAction(parsed =>
        {
            AtLeast.Check(1, ("--threads", parsed.GetValue(threads)));
            if (parsed.GetValue(threads) > MostThreads)
                throw new Llm4MsrException(FaultKind.Usage, FormattableString.Invariant($"--threads is {parsed.GetValue(threads)}, expected {MostThreads} at most."));
            var (memory, time) = limits.Read(parsed);
            var to = parsed.GetRequiredValue(output);
            OutputFolder.CheckFree(to, parsed.GetValue(overwrite), InteractionDataset.Format);
            var (configuration, from) = KnownData.Find(parsed.GetRequiredValue(source), [.. parsed.GetValue(folder)!.Select(d => d.FullName)], parsed.GetValue(scenarios));
            configuration = configuration with
            {
                Split = Split(configuration.Split, parsed.GetValue(split), parsed.GetValue(fold), parsed.GetValue(holdout), parsed.GetValue(seed)),
                MinCount = parsed.GetValue(minCount) ?? configuration.MinCount,
                MinScenarios = parsed.GetValue(inScenarios) ?? configuration.MinScenarios,
                MaxRejected = parsed.GetValue(maxRejected) ?? configuration.MaxRejected,
            };
            var rejected = parsed.GetValue(rejects) ?? $"{Path.TrimEndingDirectorySeparator(to)}.rejected.csv";
            return Run(cli, new ImportJob(configuration, from, to, "", Path.GetFullPath(rejected), memory, parsed.GetValue(threads)), time);
        });
        return verb;
    }

    private static int Run(Cli cli, ImportJob job, TimeSpan limit)
    {
        var output = job.Output;
        var scratch = Directory.CreateDirectory(Leftovers.NameFor(Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)))).FullName;
        using var held = Leftovers.Hold(scratch);
        try
        {
            DurableFile.ReplaceFolder(output, temporary =>
                cli.Terminal.WithProgress("prepare", 0, report => ImportProcess.Run(job with { Output = temporary, Scratch = scratch }, limit, doing => report(0, doing), cli.Cancellation)));
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }

        var data = InteractionDataset.Describe(output); // not opened: the tables may be larger than the memory
        foreach (var warning in data.Import?.Warnings ?? [])
            cli.Terminal.Say(warning);
        cli.Terminal.Result(data, console => Print(console, data, output, job.Rejects));
        return 0;
    }

    private static SplitOptions Split(SplitOptions configured, SplitKind? kind, string? fold, FileInfo? holdout, int? seed)
    {
        var options = kind is { } given && given != configured.Kind ? new SplitOptions(given) : configured;
        if (options.Kind != SplitKind.UserHoldout && (fold ?? holdout?.FullName) is not null)
            throw new Llm4MsrException(FaultKind.Usage, "--fold and --holdout say which users are held out; they go with --split user-holdout.");
        if (fold is not null && holdout is not null)
            throw new Llm4MsrException(FaultKind.Usage, "--fold and --holdout both say which users are held out. Give one of them.");
        if (seed is not null && (options.Kind != SplitKind.UserHoldout || holdout is not null))
            throw new Llm4MsrException(FaultKind.Usage, "--split-seed draws the users that are held out; it goes with --split user-holdout, without --holdout.");
        if (fold is not null)
        {
            var parts = fold.Split('/');
            if (parts.Length != 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var k) || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var n))
                throw new Llm4MsrException(FaultKind.Usage, $"--fold is '{fold}', expected K/5: the second fifth is 2/5.");
            options = options with { Fold = k, Folds = n };
        }
        return options with { Holdout = holdout is null ? options.Holdout : ReadHeldOut(holdout.FullName), Seed = seed ?? options.Seed };
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

    private static void Print(IAnsiConsole console, DataDescription data, string output, string rejects)
    {
        console.Write(StatisticsTable.Of(data));
        foreach (var file in data.Import?.Sources ?? [])
        {
            if (file.Read > file.Kept)
                console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file.File}: {file.Read:N0} rows read, {file.Kept:N0} kept, {file.Rejected:N0} rejected, {file.LeftOut:N0} left out, {file.Duplicates:N0} duplicates."));
        }
        if (data.Import?.Sources.Any(f => f.Rejected > 0) == true)
            console.WriteLine($"Rejected rows, with line and reason: {rejects}.");
        if (data.Import is { AddedNegatives: > 0 } import)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{import.AddedNegatives:N0} negatives sampled: {import.Sampling}."));
        var parts = data.Parts.Where(p => p.Value.Interactions > 0).Select(p => $"{p.Value.Interactions:N0} {Spelling.Of(p.Key)}");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Split {Spelling.Of(data.Split.Kind)}: {string.Join(", ", parts)}."));
        console.WriteLine($"Written to {output}. Next, with knowledge: 'llm4msr prompts show {output} --user {InteractionDataset.UserIds(output).First()}', then "
            + $"'llm4msr reason {output} --model FILE --out KNOWLEDGE.db'. Without: 'llm4msr train {output} --out RUN'.");
    }
}
