using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Llm4Msr.Data;
using Llm4Msr.Import;
using Llm4Msr.Import.Configuration;
using Llm4Msr.Platform;

namespace Llm4Msr.Cli;

/// <summary>
/// An import in a process of its own: files made to crash their reader, or to make it ask for all the memory there is, end
/// that process and nothing else. <c>Run</c> and <see cref="Profile"/> are the parent's side, <see cref="Work"/> the child's.
/// </summary>
internal static class ImportProcess
{
    public const string Verb = "import-worker";

    private const double Slack = 1.25; // what a process may hold above its limit before it is stopped
    private const double ShareOfManagedHeap = 0.45; // beside a database
    private const double ShareOfVectors = 0.75; // which are in the managed heap, beside little else
    private const int Killed = 128 + 9;

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(200);

    private static readonly JsonSerializerOptions s_oneLine = new(ImportJson.Options) { WriteIndented = false };

    /// <summary>One of them. All but the first write what they found to <paramref name="Result"/>.</summary>
    private sealed record Assignment(ImportJob? Import = null, ProfileJob? Profile = null, ExportedJob? Exported = null, VectorsJob? Vectors = null, string Result = "");

    private sealed record ProfileJob(string File, string Scratch, long Memory, int Threads);

    private sealed record ExportedJob(string File, string Store);

    private sealed record VectorsJob(string Data, KnowledgeImportOptions Options, string Store);

    private sealed record Line(string? Doing = null, FaultKind? Fault = null, string? Message = null);

    /// <summary>Fills the job's output. The child is stopped when it takes too long or too much memory, or when the user asks.</summary>
    public static void Run(ImportJob job, TimeSpan limit, Action<string> progress, CancellationToken cancellation) =>
        Run(new Assignment(Import: job), job.Scratch, job.Memory, ShareOfManagedHeap, limit, progress, cancellation);

    /// <summary>Looks at a file in the same way.</summary>
    public static FileProfile Profile(string file, TimeSpan limit, CancellationToken cancellation) => Ask<FileProfile>(
        scratch => new(Profile: new ProfileJob(Path.GetFullPath(file), scratch, ImportJob.DefaultMemory, Environment.ProcessorCount)), ImportJob.DefaultMemory, ShareOfManagedHeap, limit, cancellation);

    /// <summary>Makes a knowledge store of an exported one.</summary>
    public static ExportedKnowledgeResult Exported(string file, string store, long memory, TimeSpan limit, CancellationToken cancellation) =>
        Ask<ExportedKnowledgeResult>(_ => new(Exported: new ExportedJob(file, store)), memory, ShareOfVectors, limit, cancellation);

    /// <summary>Makes a knowledge store of vectors made elsewhere.</summary>
    public static KnowledgeImportResult Vectors(string data, KnowledgeImportOptions options, string store, long memory, TimeSpan limit, CancellationToken cancellation) =>
        Ask<KnowledgeImportResult>(_ => new(Vectors: new VectorsJob(data, options, store)), memory, ShareOfVectors, limit, cancellation);

    private static T Ask<T>(Func<string, Assignment> task, long memory, double managed, TimeSpan limit, CancellationToken cancellation)
    {
        var scratch = Directory.CreateTempSubdirectory("llm4msr-").FullName;
        try
        {
            var result = Path.Combine(scratch, "result.json");
            Run(task(scratch) with { Result = result }, scratch, memory, managed, limit, _ => { }, cancellation);
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(result), ImportJson.Options)!;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static void Run(Assignment task, string scratch, long memory, double managed, TimeSpan limit, Action<string> progress, CancellationToken cancellation)
    {
        var path = Path.Combine(scratch, "job.json");
        File.WriteAllText(path, JsonSerializer.Serialize(task, ImportJson.Options));
        var heap = ((long)(memory * managed)).ToString("X", CultureInfo.InvariantCulture);
        using var process = ThisProgram.Start([Verb, path], ("DOTNET_GCHeapHardLimit", heap), ("DOTNET_DbgEnableMiniDump", "0"));
        var (doing, fault) = ("starting", (Llm4MsrException?)null);
        var reading = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } text)
            {
                var line = Read(text);
                if (line is { Fault: { } kind, Message: { } message })
                    fault = new Llm4MsrException(kind, message);
                else if (line.Doing is not null)
                    progress(doing = line.Doing);
            }
        }, CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            for (var waited = TimeSpan.Zero; !process.WaitForExit(s_lookEvery); waited += s_lookEvery)
            {
                cancellation.ThrowIfCancellationRequested();
                if (waited > limit)
                    throw new Llm4MsrException(FaultKind.ResourceMissing, $"The import took longer than {Numbers.Duration(limit)} and was stopped while {doing}. Give it more with --time-limit.");
                if (MemoryOf(process) > memory * Slack)
                    throw new Llm4MsrException(FaultKind.ResourceMissing, FormattableString.Invariant($"The import held more than {memory / (double)(1L << 30):0.##} GiB and was stopped while {doing}. Give it more with --memory."));
            }
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            throw;
        }
        reading.Wait(CancellationToken.None);
        if (fault is not null)
            throw fault;
        if (process.ExitCode == Killed)
            throw new Llm4MsrException(FaultKind.ResourceMissing, $"The import was killed while {doing}, by somebody or by a system without memory. Nothing was written: run the command again, with less --memory than there is.");
        if (process.ExitCode != 0)
        {
            throw new Llm4MsrException(FaultKind.BadInput,
                FormattableString.Invariant($"The import ended with exit code {process.ExitCode} while {doing}: a file that its reader cannot stand? Nothing was written. {errors.Result.Trim().Shortened()}"));
        }
    }

    /// <summary>What a line says; nothing where the process ended within it, or where something else wrote it.</summary>
    private static Line Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, ImportJson.Options) ?? new Line();
        }
        catch (JsonException)
        {
            return new Line();
        }
    }

    /// <returns>0 where the process ends in the moment that it is looked at.</returns>
    private static long MemoryOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>Runs a job and tells what happens, a line of JSON each.</summary>
    public static int Work(string path, CancellationToken cancellation)
    {
        void Tell(Line line) => Console.Out.WriteLine(JsonSerializer.Serialize(line, s_oneLine));
        EndWithParent();
        try
        {
            var task = JsonSerializer.Deserialize<Assignment>(File.ReadAllBytes(path), ImportJson.Options)!;
            task.Import?.Run(doing => Tell(new Line(doing)), cancellation);
            if (task.Profile is { } profile)
                Found(FileProfile.Of(profile.File, profile.Scratch, profile.Memory, profile.Threads));
            if (task.Exported is { } exported)
                Found(ExportedKnowledge.Read(exported.File, exported.Store));
            if (task.Vectors is { } vectors)
            {
                Libtorch.Require(); // for tensors
                Found(KnowledgeImport.Run(InteractionDataset.Open(vectors.Data), vectors.Options, vectors.Store));
            }
            return 0;

            void Found<T>(T result) => File.WriteAllText(task.Result, JsonSerializer.Serialize(result, ImportJson.Options));
        }
        catch (Exception e)
        {
            var (code, message) = e is OutOfMemoryException
                ? ((int)FaultKind.ResourceMissing, "The import needs more memory than it may use. Give it more with --memory.")
                : CommandLine.Told(e);
            if (Enum.IsDefined((FaultKind)code))
                Tell(new Line(Fault: (FaultKind)code, Message: message));
            return code;
        }
    }

    /// <summary>The input is the parent's; it ends when the parent ends, however that happens.</summary>
    private static void EndWithParent() => new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }
        using var self = Process.GetCurrentProcess();
        self.Kill();
    })
    { IsBackground = true }.Start();
}
