using System.CommandLine;
using Llm4Msr.Language.Catalogue;
using Llm4Msr.Platform;
using Spectre.Console;

namespace Llm4Msr.Cli.Verbs;

/// <summary><c>llm4msr llm pull</c>: get a known model into the user's cache.</summary>
internal static class LlmPullVerb
{
    public static Verb Create(Cli cli)
    {
        var name = new Argument<string?>("name") { Description = "Model of the list; without a name the list is shown.", Arity = ArgumentArity.ZeroOrOne };
        var folder = new Option<string>("--folder") { Description = "Where it is put.", DefaultValueFactory = _ => ModelCatalogue.Folder };
        var from = new Option<string?>("--from") { Description = $"Mirror with the layout of {ModelCatalogue.HuggingFace.Host} [default: {ModelCatalogue.HuggingFace}].", HelpName = "URL" };
        var verb = new Verb("pull", "Get a known model: checked by size and SHA-256. Interrupted, it goes on where it stopped.", "llm4msr llm pull", "llm4msr llm pull smollm2-135m")
        {
            name, folder, from,
        };
        verb.SetAction(parsed =>
        {
            var options = new DownloadOptions { From = parsed.GetValue(from) is { } mirror ? Mirror(mirror) : ModelCatalogue.HuggingFace };
            if (parsed.GetValue(name) is { } wanted)
                Pull(cli, ModelCatalogue.Find(wanted), parsed.GetValue(folder)!, options);
            else
                List(cli, parsed.GetValue(folder)!);
        });
        return verb;
    }

    private static void Pull(Cli cli, CatalogueEntry entry, string folder, DownloadOptions options)
    {
        using var download = new ModelDownload(entry, folder, options);
        DownloadResult result = new("", 0);
        cli.Terminal.WithProgress(entry.Name, entry.Bytes, report => result = download.Run(
            cli.Cancellation, there => report(there, FormattableString.Invariant($"{there / 1e6:N1} of {entry.Bytes / 1e6:N1} MB"))).GetAwaiter().GetResult());
        cli.Terminal.Result(new { entry.Name, result.Path, entry.Bytes, entry.Sha256, result.Downloaded }, console =>
        {
            console.WriteLine($"{result.Path} is {(result.Downloaded > 0 ? "here" : "there already")}, its size and SHA-256 are right. Licence: {entry.Licence}.");
            console.WriteLine($"Next: 'llm4msr reason DATA --model {result.Path} --out KNOWLEDGE.db'.");
        });
    }

    private static void List(Cli cli, string folder)
    {
        var models = ModelCatalogue.Entries.Select(e => (Entry: e, Path: Path.Combine(folder, e.File))).Select(p => (p.Entry, p.Path, IsHere: File.Exists(p.Path))).ToList();
        cli.Terminal.Result(models.Select(m => new { m.Entry.Name, m.Entry.Description, m.Entry.Licence, m.Entry.Repository, m.Entry.Revision, m.Entry.File, m.Entry.Bytes, m.Entry.Sha256, path = m.IsHere ? m.Path : null }), console =>
        {
            foreach (var (entry, path, isHere) in models)
            {
                console.WriteLine(FormattableString.Invariant($"{entry.Name}: {entry.Description} ({entry.Bytes / 1e6:N1} MB, {entry.Licence}, {entry.Repository})"));
                console.WriteLine(isHere ? $"  is at {path}" : $"  get it with 'llm4msr llm pull {entry.Name}'");
            }
        });
    }

    private static Uri Mirror(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        ? uri
        : throw new Llm4MsrException(FaultKind.Usage, $"--from is '{text}', expected an address like {ModelCatalogue.HuggingFace}.");
}
