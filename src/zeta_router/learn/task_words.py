"""What words say about a task: keyword groups in many languages.

One table for all languages, because a router does not know the language beforehand and words
rarely change sides between them. Three kinds of entry, told apart by how they are written:

- ``word``: a whole word, for scripts that put spaces between words;
- ``stem*``: the start of a word, for languages that inflect; only its first five characters count,
  so that one set intersection finds all stems;
- ``two_words``: a phrase, looked for only where its last word was found.

Scripts without spaces, or where word ends carry case (Chinese, Japanese, Korean, Thai, Indic
scripts, Arabic, Hebrew), are searched for substrings: `SUBSTRINGS`. Everything is lower case.
Hand-written for this project; the groups are what the classifiers weigh, never single words.
"""

from __future__ import annotations

GROUP_TEXT: dict[str, str] = {
    "code_name": """
        python javascript typescript java kotlin golang rust ruby php perl haskell scala julia
        matlab fortran cobol lua dart bash powershell sql mysql postgresql postgres sqlite
        mongodb nosql html css scss sass xml json yaml toml csv regex regexp numpy pandas
        matplotlib scipy sklearn pytorch tensorflow keras django flask fastapi spring react
        angular vue svelte nextjs nuxt nodejs node.js jquery express webpack vite npm yarn pip
        conda maven gradle cmake makefile gcc clang docker dockerfile kubernetes kubectl helm
        terraform ansible nginx redis kafka rabbitmq git github gitlab linux ubuntu unix
        android ios swiftui swift flutter arduino assembly c++ c# f# .net asp.net vba vb.net
        racket lisp scheme clojure elixir erlang ocaml prolog solidity graphql grpc protobuf
        opencv selenium playwright pytest junit jest tailwind bootstrap ggplot ggplot2 dplyr
        tidyverse rstudio cuda opengl unity3d xcode vscode intellij jupyter latex awk sed grep
        ssh crontab cron systemd asyncio multithreading hibernate laravel wordpress firebase
        sveltekit typeorm prisma nestjs питон питоне пайтон джава джаваскрипт
    """,
    "code_noun": """
        function functions code codes script scripts program programs algorithm algorithms
        array arrays string strings integer integers tuple tuples dictionary dict list lists
        linked_list class classes method methods variable variables loop loops recursion
        recursive iterator iterators pointer pointers struct enum boolean stack queue heap
        hashmap hash_map hashtable hash_table binary_tree binary_search bst trie api apis
        endpoint endpoints rest_api http https url urls query queries database databases schema
        table_name column columns dataframe dataframes library libraries framework module
        modules package packages import exception exceptions traceback stacktrace stack_trace
        error errors bug bugs compiler runtime syntax debugger unittest unit_test unit_tests
        test_cases repository repo commit branch merge_conflict rebase pull_request middleware
        backend frontend webpage web_page website webhook websocket socket thread threads mutex
        async await promise callback closure decorator lambda generator parameter parameters
        argument arguments return returns returning null none nil undefined int float double
        char bool void const var stdin stdout stderr print printf println console main args
        kwargs parser parse parsing subarray substring subsequence palindrome fibonacci sort
        sorted sorting crud oop inheritance polymorphism constructor interface_ refactoring
        button_click div href onclick css_class dom selector viewport pseudocode cli
        command_line terminal shell_script docker_compose time_complexity big_o
        space_complexity memory_leak race_condition deadlock segfault segmentation_fault
        null_pointer index_out off-by-one nullpointerexception typeerror valueerror keyerror
        indexerror attributeerror syntaxerror importerror modulenotfounderror nameerror
        runtimeerror funktion funktionen skript programm algorithmus zeichenkette schleife
        variablen klasse datenbank schnittstelle quelltext quellcode fehlermeldung
        datenbankabfrage rekursiv fonction fonctions programme algorithme tableau chaîne boucle
        classe méthode requête función funciones código programa algoritmo arreglo cadena bucle
        clase método consulta funzione codice programma stringa ciclo metodo função funcao
        matriz laço functie functies lus reeks kod fonksiyon dizi döngü sınıf funkcja funkcję
        funkcji skrypt tablica pętla fungsi kode skrip hàm mã chương_trình mảng chuỗi функция
        функцию функции функцией код кода скрипт программу программа алгоритм массив массива
        строку строки список списка цикл метод класс запрос функцію масив рядок kazi_ya_python
        msimbo programu
    """,
    "code_verb": """
        implement implements implementing implementation refactor refactoring debug debugging
        compile compiles compiling deploy iterate instantiate initialize parse serialize
        deserialize overload override recursively concatenate tokenize authenticate
        write_a_function write_a_program write_a_script write_code write_a_class write_a_query
        write_a_method write_a_regex write_a_test write_tests unit_tests implementiere
        implementieren programmiere schreibe_eine_funktion implémente implémenter implementa
        implementar programar programe écris_une_fonction escribe_una_función
        escreva_uma_função scrivi_una_funzione schrijf_een_functie skriv_en_funktion
        napisz_funkcję yaz_bir_fonksiyon tulis_fungsi buat_fungsi viết_hàm viết_một_hàm
        реализуй реализуйте напиши_функцию напишите_функцию напиши_код напиши_скрипт
        напиши_программу напиши_запрос fix_the_bug fix_this_code my_code this_code the_code
        following_code code_snippet source_code
    """,
    "math_strong": """
        prove proof proofs disprove theorem theorems lemma corollary axiom axioms show_that
        identity_element integral integrals integrate derivative derivatives differentiate
        differentiable polynomial polynomials quadratic cubic logarithm eigenvalue eigenvalues
        eigenvector determinant matrix matrices vector_space converge converges convergence
        diverges irrational rational_number prime_number prime_numbers primes modulo congruent
        bijection bijective injective surjective isomorphic isomorphism homomorphism abelian
        subgroup topology topological manifold combinatorics permutation permutations
        combinations binomial factorial probability probabilities expected_value
        random_variable variance covariance conditional_probability bayes bayesian markov
        poisson stochastic brownian hypotenuse perpendicular parallelogram trapezoid
        circumference circumcircle inscribed circumscribed bisector isosceles equilateral
        polygon hexagon octagon cosine tangent arithmetic_sequence geometric_sequence
        geometric_series arithmetic_progression fourier laplace gradient hessian divergence_of
        contour riemann holomorphic epsilon-delta induction contradiction greatest_common
        least_common gcd lcm remainder divisor divisors divisible coprime digits real_numbers
        complex_number natural_numbers positive_integer positive_integers nonnegative
        inequality equation equations simultaneous_equations solve_for_x vertices vertex
        asymptote coordinates y-axis x-axis beweise beweisen beweis satz_von integriere
        ableitung wahrscheinlichkeit gleichung gleichungen primzahl primzahlen stochastik
        teilbar démontre démontrer démontrez prouve prouver théorème intégrale dérivée
        probabilité équation équations demuestra demostrar demuestre teorema derivada
        probabilidad ecuación ecuaciones dimostra dimostrare integrale derivata probabilità
        equazione equazioni prove_que demonstre probabilidade equação equações bewijs bewijzen
        stelling afgeleide kans_dat vergelijking bevisa sannolikheten ekvation udowodnij
        prawdopodobieństwo równanie całkę pochodną ispatla olasılık denklem denklemi türevini
        integralini buktikan probabilitas persamaan turunan peluang chứng_minh xác_suất
        phương_trình đạo_hàm tích_phân докаж* теоре* интег* произв* вероя* уравн* довед* ймові*
        рівня* uthibitisha
    """,
    "math_ask": """
        calculate compute evaluate simplify factor_the solve_the solve_for find_the_value
        find_the_sum find_the_area find_the_number find_all what_is_the_sum value_of sum_of
        product_of ratio_of area_of volume_of radius diameter perimeter square_root cube_root
        slope percent percentage fraction decimal average_of mean_of median_of exponent squared
        cubed cos sin tan log ln sqrt berechne berechnen berechnet ermittle bestimme calcule
        calculer calculez calcula calcular calcola calcolare bereken berekenen beräkna räkna_ut
        oblicz hesapla hesaplayın hitung hitunglah tính_toán вычис* посчи* рассч* найди_сумму
        обчис* square_meters square_feet per_hour per_cent
    """,
    "quantity": """
        total altogether each per remaining left_over leftover twice thrice half double triple
        times_as as_many as_much more_than less_than fewer_than times_more in_total in_all
        equally split_evenly evenly spends spent earns earned saves saved costs cost sells sold
        buys bought gave gives eats ate pays paid paying profit loss discount interest_rate
        hours minutes days weeks miles kilometers meters feet inches pounds kg grams liters
        gallons dollars cents euros rupees rs price prices speed distance apples oranges
        marbles eggs cookies pages students tickets boxes bags bottles dozen pairs rate
        insgesamt jeweils doppelt hälfte übrig kostet verkauft kauft gibt_aus pro_stunde
        stunden minuten tage wochen kilometer euro dollar preis verdient chacun chaque reste
        combien_de moitié coûte vend achète heures jours semaines prix dépense gagne total_de
        cada_uno cada_una mitad doble cuesta vende compra horas días semanas precio gana gasta
        dólares gastar quedan metà doppio costa ore giorni settimane prezzo metade dobro custa
        dias preço reais helft dubbel uur dagen weken kosten kilos timmar dagar veckor dubbelt
        hälften saat gün hafta toplam kaç_tane lira jumlah masing-masing setengah jam hari
        harga rupiah gấp_đôi mỗi giờ ngày giá всего каждый каждая каждого каждую вдвое втрое
        половина половину часов часа дней рублей стоит стоят долларов евро осталось больше_чем
        меньше_чем раза кожен вдвічі годин днів коштує jumla kila siku nusu mara_mbili saa dola
        iliyobaki wangapi zaidi
    """,
    "how_many": """
        how_many how_much_money how_much_does how_much_did how_much_will how_much_more
        how_old_is how_old_will how_long_will how_long_does how_far what_percentage
        what_percent wie_viele wie_viel wieviele wieviel combien cuánto cuántos cuántas cuánta
        cuanto cuantos quanti quante quanto quantos quantas hoeveel hur_många hur_mycket ile
        kaç berapa bao_nhiêu сколько скільки ngapi kiasi_gani
    """,
    "logic": """
        deduce deduction infer inference puzzle puzzles riddle knights knaves knave liar liars
        lying truth truth-teller lies always_lies tells_the_truth clue clues constraint
        constraints premise premises conclude concludes conclusion conclusions syllogism
        valid_argument fallacy logically logical logic contradict contradicts follows_that
        must_be_true can_be_true cannot_be_true could_be_true which_statement who_is_lying
        who_owns exactly_one at_least_one at_most_one neither either_or if_and_only necessarily
        sufficient_condition necessary_condition assumption assumptions hypothesis hypotheses
        older_than younger_than taller_than shorter_than faster_than heavier_than oldest
        youngest tallest to_the_left to_the_right immediately_left next_to directly_left
        sits_next sitting_between seated_between adjacent all_of_the none_of_the only_if unless
        therefore hence suppose assume assuming given_that schedule scheduling itinerary
        timetable arrange arrangement optimal optimize optimally minimum_number maximum_number
        fewest shortest_path minimize maximize strategy river_crossing cross_a_river crossing
        wolf goat weighings counterfeit hourglass folgere schließe rätsel lügner
        schlussfolgerung prämisse logisch angenommen sitzt_neben älter_als jünger_als
        größer_als kleiner_als widerspruch voraussetzung déduis déduire énigme menteur prémisse
        logique supposons plus_âgé plus_grand assis_à_côté contradiction deducir acertijo
        mentiroso premisa lógica supongamos mayor_que menor_que sentado sentada conclusión
        deduzir enigma premissa suponha mais_velho mais_alto conclusão deduci indovinello
        bugiardo premessa supponiamo più_vecchio più_alto conclusione raadsel leugenaar
        afleiden ouder_dan groter_dan conclusie gåta lögnare äldre_än längre_än slutsats
        wywnioskuj zagadka kłamca starszy_od wyższy_od wniosek bilmece yalancı mantık teka-teki
        lebih_tua lebih_tinggi kesimpulan câu_đố suy_luận kết_luận логич* вывод следует_ли
        загад* рыцар* лжец лжецы лжеца предпо* старше выше_чем младше сидит_рядом головол*
        брехун* висно* старший_за
    """,
    "analyse": """
        why explain analyze analyse analysis compare contrast evaluate critique justify
        reasoning rationale trade-off trade-offs tradeoffs implications consequences causes
        cause caused causal effect effects correlation confounding mechanism derive derivation
        estimate step-by-step step_by step_by_step think_through walk_me pros_and advantages
        disadvantages argue argument arguments debate ethical moral dilemma liable liability
        plaintiff defendant contract clause statute breach negligence court passage
        author_implies according_to_the_passage inferred author's evidence weaken strengthen
        warum erkläre analysiere vergleiche begründe abwäg* schritt_für schritt vor-_und
        pourquoi justifie étape_par étapes avantages inconvénients porque por_qué analiza
        compara justifica paso_a ventajas desventajas por_que passo_a vantagens analise perché
        analizza confronta giustifica passo_dopo vantaggi waarom analyseer vergelijk stap_voor
        voordelen varför analysera jämför steg_för fördelar dlaczego porównaj uzasadnij krok_po
        neden karşılaştır adım_adım mengapa bandingkan langkah_demi tại_sao giải_thích so_sánh
        từng_bước почему объяс* обосн* сравн* проан* пошаг* чому поясн* порів* kwa_nini eleza
        linganisha hatua_kwa
    """,
    "science": """
        velocity acceleration momentum kinetic wavelength photon electron electrons proton
        neutron nucleus quantum hamiltonian eigenstate entropy enthalpy thermodynamic
        thermodynamics voltage resistor capacitor inductor ohm circuit magnetic electric_field
        oscillator frequency amplitude torque friction equilibrium molar moles mol
        stoichiometry reaction reacts reactant reagent catalyst titration ph buffer oxidation
        reduction compound compounds alkene nmr spectrum spectra isomer isomers enzyme enzymes
        protein gene genes allele alleles genotype phenotype mutation mutant transcription
        redshift luminosity parsec orbit orbital planet's star's isotope half-life radioactive
        particle decay relativistic lagrangian perturbation boltzmann planck spin hydrogen
        signal_to sampling bandwidth channel_capacity npv irr annuity coupon yield bond_price
        portfolio depreciation elasticity marginal nash payoff geschwindigkeit beschleunigung
        spannung widerstand vitesse accélération velocidad aceleración energía velocità
        velocidade snelheid скоро* ускор* напря* молек*
    """,
    "fact": """
        who_is who_was who_wrote who_played who_won who_invented who_discovered who_sang
        who_sings who_are who_did who_does when_is when_was when_did when_does when_will
        where_is where_was where_are where_did where_does where_do what_is what_was what_are
        what_did what_does what_do what_year what_day what_time what_type what_kind
        which_country which_city what_country what_city which_of what_language capital
        capital_of population_of president birthday born died founded located president_of
        currency official_language highest_mountain largest longest_river mean_by meaning_of
        stand_for definition define synonym named name_the called who whose where when famous
        season episode movie film song singer actor actress band album team wer wer_war wann wo
        was_ist wie_heißt welche welcher hauptstadt qui_est qui_a quand où quelle_est quel_est
        capitale quién quiénes cuándo dónde cuál_es qué_es capital_de chi_è chi_ha quando dove
        qual_è cos'è quem onde qual_é o_que_é wie_is wanneer waar wat_is welke hoofdstad vem_är
        när var_ligger vad_är vad_heter huvudstad kto kiedy gdzie jaka_jest co_to stolica
        stolicą kim ne_zaman nerede nedir başkenti siapa kapan di_mana apa ibu_kota ibukota
        ai_là khi_nào ở_đâu là_gì thủ_đô кто когда где что_такое столица столицей
        как_называется какой какая как_зовут хто коли де_ що_таке який яка nani ni_nani lini
        wapi mji_mkuu ni_nini
    """,
    "chat": """
        hi hello hey thanks thank please_tell bye goodbye morning evening joke jokes funny
        weather alarm timer remind reminder playlist volume turn_on turn_off call_my text_my
        flight book_a reservation restaurant recipe recipes cook dinner balance account card
        bill bank pin my_name your_name are_you do_you you_like favorite favourite love feel
        feeling you_think tell_me spell pronounce fun_fact your you i'm im my hallo danke
        guten_tag wetter witz wie_geht bonjour salut merci blague météo ça_va hola gracias
        chiste clima cómo_estás qué_tal tiempo ciao grazie barzelletta come_stai olá obrigado
        obrigada piada tudo_bem dank_je hoi grap weer hoe_gaat hej tack skämt väder hur_mår
        cześć dziękuję żart pogoda merhaba teşekkürler şaka hava nasılsın halo terima_kasih
        lelucon cuaca apa_kabar xin_chào cảm_ơn thời_tiết привет спасибо шутку анекдот погода
        погоду как_дела привіт дякую жарт habari asante hujambo hali_ya hoe_heet heb_je ben_je
        sei ti_piace você gosta eres te_gusta bist_du magst
    """,
    "creative": """
        poem poems haiku limerick sonnet lyrics story stories tale fairy novel fiction
        character characters dialogue screenplay scene slogan tagline blog_post blog essay
        article paragraph tweet caption instagram email letter cover_letter speech toast
        advertisement marketing_copy headline headlines press_release newsletter birthday_card
        invitation imagine pretend roleplay role_play role you_are_a as_a act_as persona
        describe write_a compose draft brainstorm ideas suggest suggestions list_of tips gift
        names_for creative rhyming metaphor gedicht geschichte märchen brief aufsatz stell_dir
        poème histoire conte lettre poema cuento historia carta relato imagina poesia storia
        racconto lettera immagina história conto redação verhaal schrijf_een_brief dikt saga
        berättelse wiersz bajkę opowiadanie list_do şiir hikaye hikâye mektup puisi cerita
        surat bài_thơ câu_chuyện bức_thư стихо* расск* сказк* письмо сочин* вірш казку лист_до
        shairi hadithi barua
    """,
    "edit": """
        translate translation summarize summarise summary tl;dr tldr paraphrase rephrase reword
        rewrite proofread grammar spelling shorten simplify_this classify categorize sentiment
        extract keywords key_points positive_or bullet_points title formal informal tone review
        sentence sentences text into_english into_spanish into_french into_german
        in_one_sentence following_text following_sentence following_email übersetze übersetzen
        zusammenfassung fasse umformulier* korrigiere traduis traduire résume résumer résumé
        reformule corrige traduce traducir resume resumen resumir reescribe traduza traduzir
        resuma reescreva traduci tradurre riassumi riscrivi vertaal vertalen samenvatting
        vat_samen herschrijf översätt sammanfatta skriv_om przetłumacz streść podsumuj çevir
        özetle terjemahkan ringkas rangkum dịch tóm_tắt перев* резюм* кратко перефр* пересказ
        перекл* підсум* tafsiri fupisha
    """,
}
"""Group name to its entries; a word may stand in several groups."""

SUBSTRINGS: dict[str, str] = {
    "code_noun": """
        函数 代码 程序 脚本 算法 数组 字符串 列表 字典 循环 变量 方法名 类名 数据库 查询语句
        接口 报错 编译 正则 遍历 递归 链表 排序算法 函數 程式 代碼 陣列 関数 コード プログラム
        スクリプト アルゴリズム 配列 文字列 リスト ループ 変数 クラス メソッド データベース
        クエリ エラー 正規表現 함수 코드 프로그램 스크립트 알고리즘 배열 문자열 리스트 반복문
        변수 클래스 메서드 데이터베이스 쿼리 오류 에러 정규식 ฟังก์ชัน โค้ด โปรแกรม สคริปต์
        อัลกอริทึม อาร์เรย์ สตริง ตัวแปร फ़ंक्शन फंक्शन कोड प्रोग्राम स्क्रिप्ट एल्गोरिदम ऐरे
        स्ट्रिंग ফাংশন কোড প্রোগ্রাম অ্যালগরিদম স্ট্রিং ఫంక్షన్ కోడ్ ప్రోగ్రామ్ స్ట్రింగ్
        అల్గారిథమ్ دالة كود برنامج خوارزمية مصفوفة سلسلة_نصية متغير تابع کد برنامه الگوریتم
        آرایه رشته متغیر פונקציה קוד תוכנית אלגוריתם מערך מחרוזת
    """,
    "code_verb": """
        编写 实现一个 写一个函数 写一段代码 写个程序 调试 重构 実装 を書いて デバッグ 구현
        작성해 디버그 เขียนฟังก์ชัน เขียนโค้ด เขียนโปรแกรม लिखें_जो اكتب_دالة اكتب_برنامج
        بنویسید_که
    """,
    "math_strong": """
        证明 定理 积分 导数 求导 方程 概率 矩阵 向量 质数 素数 无理数 几何 三角形 多项式 數學
        證明 証明 積分 微分 確率 方程式 行列 ベクトル 無理数 증명 정리를 적분 미분 확률 방정식
        행렬 벡터 소수 무리수 삼각형 พิสูจน์ ทฤษฎีบท ปริพันธ์ อนุพันธ์ ความน่าจะเป็น สมการ
        เมทริกซ์ सिद्ध प्रमेय समाकलन अवकलन प्रायिकता समीकरण প্রমাণ উপপাদ্য সম্ভাবনা সমীকরণ
        నిరూపించ సిద్ధాంతం సంభావ్యత సమీకరణ أثبت برهن نظرية تكامل مشتقة احتمال معادلة اثبات قضیه
        انتگرال مشتق معادله הוכח משפט אינטגרל נגזרת הסתברות משוואה
    """,
    "math_ask": """
        计算 求解 求出 解方程 面积 体积 周长 半径 直径 百分之 分之 平方 平均 計算 求めよ
        求めなさい 面積 体積 割合 계산 구하시오 구하여라 넓이 부피 반지름 평균 คำนวณ จงหา
        พื้นที่ ปริมาตร ร้อยละ เปอร์เซ็นต์ गणना ज्ञात_कीजिए क्षेत्रफल प्रतिशत গণনা নির্ণয়
        ক্ষেত্রফল শতাংশ లెక్కించ కనుగొన శాతం احسب أوجد مساحة حجم محاسبه مساحت חשב שטח נפח
    """,
    "quantity": """
        一共 总共 共有 每个 每天 每小时 每人 平均每 剩下 还剩 还有多 倍 一半 花了 元 千米 千克
        厘米 米 只 支 比原来 合計 全部で 毎日 毎週 それぞれ 残り 半分 ドル 円 時間 個 人 本 枚
        歳 모두 각각 매일 남은 절반 배 원 달러 시간 개 명 ทั้งหมด แต่ละ ต่อวัน เหลือ ครึ่ง เท่า
        บาท ดอลลาร์ ชั่วโมง นาที คน วัน สัปดาห์ ราคา कुल प्रत्येक प्रति आधा दोगुना रुपये घंटे
        दिन मोट মোট প্রতিটি প্রতি অর্ধেক দ্বিগুণ টাকা ডলার ঘণ্টা ঘন্টা দিন সপ্তাহ বাকি మొత్తం
        ప్రతి సగం రెట్టింపు రూపాయ డాలర్ గంట రోజు వారం మిగిలి ధర مجموع كل نصف ضعف ساعة يوم دولار
        ريال هر نیم دو_برابر ساعت روز تومان סך_הכל כל_אחד חצי שעות
    """,
    "how_many": """
        多少 几个 几只 几天 几小时 多少钱 多久 幾個 いくつ いくら 何個 何人 何本 何時間 何枚
        何歳 何ドル 何円 何分 何日 何ページ 何キロ 몇 얼마 กี่ เท่าไร เท่าไหร่ कितने कितना
        कितनी কত কতগুলি কতটি ఎన్ని ఎంత ఎంతమంది كم چند چقدر כמה
    """,
    "logic": """
        推理 推断 推出 逻辑 谜题 说谎 说真话 骑士 前提 结论 矛盾 假设 如果 那么谁 谁说 排列
        安排 最优 条件 必然 相邻 左边 右边 論理 推論 嘘つき 正直者 結論 仮定 もし パズル 隣 左
        右隣 논리 추론 거짓말쟁이 기사 전제 결론 모순 가정 만약 퍼즐 옆에 왼쪽 오른쪽 조건
        ตรรกะ อนุมาน สรุปได้ ถ้า ปริศนา โกหก तर्क निष्कर्ष पहेली यदि झूठ যুক্তি সিদ্ধান্ত ধাঁধা
        যদি মিথ্যা తర్కం ముగింపు పజిల్ ఒకవేళ استنتج منطق لغز إذا_كان يكذب مقدمات استنتاج منطقی
        معما اگر دروغگو הסק היגיון חידה אם שקרן
    """,
    "analyse": """
        为什么 分析 解释 比较 原因 一步一步 逐步 步骤 利弊 优缺点 影响 論述 なぜ 説明 比較 理由
        段階的 ステップ 影響 왜 설명 분석 비교 이유 원인 단계별 영향 ทำไม อธิบาย วิเคราะห์
        เปรียบเทียบ ขั้นตอน สาเหตุ क्यों समझाइए विश्लेषण तुलना चरण কেন ব্যাখ্যা বিশ্লেষণ তুলনা
        ধাপে ఎందుకు వివరించ విశ్లేష పోల్చ దశల لماذا اشرح حلل قارن خطوة_بخطوة چرا توضیح تحلیل
        مقایسه گام_به מדוע למה הסבר נתח השווה
    """,
    "science": """
        速度 加速度 电压 电阻 能量 反应 分子 基因 電圧 抵抗 反応 遺伝子 가속도 전압 저항 반응
        분자
    """,
    "fact": """
        谁是 是谁 什么时候 在哪 哪里 哪个 哪一 是什么 首都 叫什么 誰 いつ どこ 何ですか とは
        どの 누구 언제 어디 무엇 수도 뭐야 뭐예요 ใคร เมื่อไหร่ เมื่อไร ที่ไหน คืออะไร
        เมืองหลวง कौन कब कहाँ क्या_है राजधानी কে কখন কোথায় রাজধানী কী ఎవరు ఎప్పుడు ఎక్కడ
        రాజధాని ఏమిటి من_هو متى أين ما_هي ما_هو عاصمة کیست کی کجا چیست پایتخت מי מתי איפה בירת
        מה_זה מהי
    """,
    "chat": """
        你好 谢谢 天气 笑话 你是 你喜欢 您好 こんにちは ありがとう 天気 ジョーク あなた 안녕
        고마워 감사 날씨 농담 당신 สวัสดี ขอบคุณ อากาศ नमस्ते धन्यवाद मौसम হ্যালো ধন্যবাদ
        আবহাওয়া నమస్తే ధన్యవాదాలు వాతావరణ مرحبا شكرا الطقس سلام ممنون هوا שלום תודה מזג
    """,
    "creative": """
        诗 故事 作文 文章 邮件 写信 广告 标语 对话 小说 段落 标题 推荐 列举 列出 建议 想象 物語
        詩 小説 手紙 メール 記事 俳句 시를 이야기 소설 편지 이메일 글을 กลอน นิทาน เรื่องสั้น
        จดหมาย อีเมล कविता कहानी पत्र কবিতা গল্প চিঠি కవిత కథ లేఖ قصيدة قصة رسالة شعر داستان
        نامه שיר סיפור מכתב
    """,
    "edit": """
        翻译 总结 摘要 改写 分类 概括 提取 纠正 语法 句子 翻訳 要約 書き換え 文法 訳して 번역
        요약 고쳐 문법 แปล สรุปข้อความ अनुवाद सारांश অনুবাদ সারাংশ అనువద సారాంశ ترجم لخص ترجمه
        خلاصه תרגם סכם
    """,
}
"""Group name to substrings, for scripts that are not split at spaces."""

GROUPS: tuple[str, ...] = tuple(GROUP_TEXT)
"""Group names; a group's index is its place in here."""
