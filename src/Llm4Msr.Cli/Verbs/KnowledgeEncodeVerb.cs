using System.CommandLine;
using System.Diagnostics;
using Llm4Msr.Data;
using Llm4Msr.Knowledge;
using Llm4Msr.Language.Encoders;
using Llm4Msr.Platform;
using Llm4Msr.Reasoning.Encoders;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr knowledge encode</c>: a store of a text encoder's vectors, to compare a language model with.</summary>
internal static class KnowledgeEncodeVerb
{
    private enum Of
    {
        Items,
        Texts,
    }

    public static Verb Create(Cli cli)
    {
        var defaults = new EncodingOptions();
        var data = new Argument<string>("data") { Description = "Folder written by 'llm4msr prepare'." };
        var encoder = new Option<string>("--encoder") { Description = "Text encoder of BERT's kind.", Required = true, HelpName = "FILE.onnx" };
        var vocabulary = new Option<string?>("--vocabulary") { Description = "Its WordPiece vocabulary [default: NAME.vocab.txt or vocab.txt beside it].", HelpName = "FILE" };
        var of = Spelling.Option("--of", "items: words of the items that a user liked, a mean for each scenario; texts: what a language model said.", Of.Items);
        var knowledge = new Option<string?>("--knowledge") { Description = "With --of texts: the store whose texts are encoded.", HelpName = "KNOWLEDGE.db" };
        var output = new Option<string>("--out") { Description = "Knowledge store: made, or gone on with.", Required = true, HelpName = "ENCODED.db" };
        var protocol = Spelling.MaybeOption<KnowledgeProtocol>("--protocol", $"With --of items: which rows may be known, and who may see them [default: {Spelling.Of(defaults.Protocol)}].");
        var batch = new Option<int>("--batch-size") { Description = "Texts encoded together, at most.", DefaultValueFactory = _ => defaults.BatchSize };
        var workers = new Option<int>("--workers") { Description = "Threads that encode at once.", DefaultValueFactory = _ => defaults.Workers };
        var verb = new Verb("encode", "Make a store with a text encoder in place of a language model, to compare with. Interrupted, it goes on where it stopped.",
            "llm4msr knowledge encode data --encoder all-minilm-l6-v2.fp16.onnx --out items.db",
            "llm4msr knowledge encode data --encoder all-minilm-l6-v2.fp16.onnx --of texts --knowledge knowledge.db --out texts.db")
        {
            data, encoder, vocabulary, of, knowledge, output, protocol, batch, workers,
        };
        verb.SetAction(parsed =>
        {
            var options = defaults with { Protocol = parsed.GetValue(protocol) ?? defaults.Protocol, BatchSize = parsed.GetValue(batch), Workers = parsed.GetValue(workers) };
            AtLeast.Check(1, ("--batch-size", options.BatchSize), ("--workers", options.Workers));
            var texts = parsed.GetValue(knowledge);
            if (parsed.GetValue(of).Value == Of.Texts != texts is not null)
                throw new Llm4MsrException(FaultKind.Usage, "--knowledge names the store whose texts are encoded: say it with --of texts, and only there.");
            if (texts is not null && parsed.GetValue(protocol) is not null)
                throw new Llm4MsrException(FaultKind.Usage, "--protocol belongs to --of items: texts keep the protocol that they were asked under. Leave it out.");
            Run(cli, parsed.GetRequiredValue(data), parsed.GetRequiredValue(encoder), parsed.GetValue(vocabulary), texts, parsed.GetRequiredValue(output), options);
        });
        return verb;
    }

    private static void Run(Cli cli, string folder, string model, string? vocabulary, string? texts, string output, EncodingOptions options)
    {
        var data = InteractionDataset.Open(folder);
        using var encoder = TextEncoder.Load(model, vocabulary);
        using var said = texts is null ? null : KnowledgeStore.OpenForReading(texts);
        if (said is not null && said.InteractionsHash != data.Description.InteractionsHash)
            throw new Llm4MsrException(FaultKind.Damaged, $"The knowledge in '{texts}' was made from other interactions than '{folder}'. Use the data that it was made from.");
        if (texts is not null && Path.GetFullPath(texts) == Path.GetFullPath(output))
            throw new Llm4MsrException(FaultKind.Usage, $"--out is the store that --knowledge names. Name another file: '{output}' keeps what the language model said.");
        var fingerprint = said is null ? KnowledgeEncoder.FingerprintOfItems(encoder, data, options) : KnowledgeEncoder.FingerprintOfTexts(encoder, said.Fingerprint);
        using var store = KnowledgeStore.OpenForWriting(output, fingerprint, data.Description.InteractionsHash);

        var clock = Stopwatch.StartNew();
        EncodingResult result = new(0, 0);
        cli.Terminal.WithProgress("encode", 1, report =>
        {
            void Progress(int done, int total) => report((double)done / total, FormattableString.Invariant($"{done:N0} of {total:N0} texts"));
            result = said is null
                ? KnowledgeEncoder.OfItems(encoder, data, store, options, cli.Cancellation, Progress)
                : KnowledgeEncoder.OfTexts(encoder, said, store, options, cli.Cancellation, Progress);
        });
        var seconds = clock.Elapsed.TotalSeconds;
        cli.Terminal.Result(new { store = output, result.Stored, result.Encoded, seconds, store.ContentHash }, console =>
        {
            console.WriteLine(FormattableString.Invariant($"{result.Encoded:N0} records encoded in {Numbers.Duration(TimeSpan.FromSeconds(seconds))}, {result.Stored - result.Encoded:N0} were stored already."));
            console.WriteLine($"Knowledge is in {output}. Next: 'llm4msr knowledge stats {output}', or 'llm4msr train DATA --enhancement llm4msr --knowledge {output} --out RUN'.");
        });
    }
}
